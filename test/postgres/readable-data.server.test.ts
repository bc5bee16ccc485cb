/** What people use to look at the data: views, comments, search, rights, and records that move to another job. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { psqlCall } from '../../src/cli/commands/sql-command.ts';
import { grantRead } from '../../src/postgres/grant-read.ts';
import { listTransfers, planTransfer, transferRecords } from '../../src/postgres/ledger/transfer-records.ts';
import { inTransaction } from '../../src/postgres/pool.ts';
import { searchVocabulary } from '../../src/postgres/search-vocabulary.ts';
import { linesJob, openTestEngine, runJobOnce, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';

describeWithPostgres('the published data', () => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await openTestEngine();
  });
  afterEach(async () => {
    await test.close();
  });

  const publish = (records: readonly unknown[], overrides: Record<string, unknown> = {}) =>
    runJobOnce(
      test.steps,
      linesJob(test.file('a.jsonl', records.map((record) => JSON.stringify(record)).join('\n')), overrides),
    );
  const find = async (text: string, limit = 20): Promise<readonly string[]> =>
    (await searchVocabulary(test.pool, 'lines', text, limit)).records.map(({ id }) => id);

  it('has a view of what is not withdrawn, and says what its columns are', async () => {
    await publish([{ id: 'a' }, { id: 'b' }]);
    await publish([{ id: 'a' }]);
    const { rows } = await test.pool.query('SELECT id FROM vocabularies.lines_current');
    expect(rows).toEqual([{ id: 'a' }]);
    const comments = await test.pool.query<{ missing: string }>(
      `SELECT a.attname AS missing FROM pg_attribute a WHERE a.attrelid = 'vocabularies.lines'::regclass AND attnum > 0
         AND NOT attisdropped AND col_description(a.attrelid, a.attnum) IS NULL`,
    );
    expect(comments.rows).toEqual([]);
  });

  it('is found without regard to accents, case and the kind of title', async () => {
    await publish([
      { id: '01', name: 'Universität Zürich' },
      { id: '02', name: 'Zürcher Hochschule', acronym: 'ZHAW' },
      { id: '03', title: { en: 'Łódź Løkke œuvre', de: 'Straße' } },
      { id: '04', title: '100% sure_thing' },
      { id: '05', given_name: 'José', family_name: 'García' },
    ]);
    expect(await find('UNIVERSITAT zurich')).toEqual(['01']);
    expect(await find('zhaw')).toEqual(['02']);
    expect(await find('lodz lokke oeuvre')).toEqual(['03']);
    expect(await find('strasse')).toEqual(['03']);
    expect(await find('garcia')).toEqual(['05']);
    expect(await find('100%')).toEqual(['04']);
    expect(await find('e_t')).toEqual(['04']);
    expect(await find('0')).toHaveLength(5);
    expect(await find('02')).toEqual(['02']);
    expect(await searchVocabulary(test.pool, 'lines', '0', 2)).toMatchObject({ more: true });
    await expect(searchVocabulary(test.pool, 'linse', 'x', 1)).rejects.toMatchObject({
      code: 'E_VOCABULARY_NOT_FOUND',
      message: expect.stringContaining('lines') as string,
    });
  });

  it('is readable for a role that gets the right, in tables that come later as well', async () => {
    const role = `reader_${randomBytes(4).toString('hex')}`;
    await expect(grantRead(test.pool, role)).rejects.toMatchObject({ code: 'E_ROLE_NOT_FOUND' });
    await test.pool.query(`CREATE ROLE ${role}`);
    const as = (sql: string) =>
      inTransaction(test.pool, async (client) => {
        await client.query(`SET LOCAL ROLE ${role}`);
        return client.query(sql);
      });
    try {
      await grantRead(test.pool, role);
      await publish([{ id: 'a' }]);
      expect((await as('SELECT id FROM vocabularies.lines_current')).rowCount).toBe(1);
      await expect(as('DELETE FROM vocabularies.lines')).rejects.toMatchObject({ code: 'E_DATABASE_REFUSED' });
      await expect(as('SELECT * FROM vocab_sync.run')).rejects.toMatchObject({ code: 'E_DATABASE_REFUSED' });
    } finally {
      await test.pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });

  it('moves to another job, which then owns it', async () => {
    const records = [{ id: 'a' }, { id: 'b' }];
    await publish(records, { id: 'old-name' });
    const stranger = await publish(records, { id: 'new-name' });
    expect(stranger.tasks[0]).toMatchObject({ targets: [{ rejected: 2 }] });
    const transfer = { from: 'old-name', to: 'new-name', target: undefined, by: 'test', reason: 'renamed' };
    expect(await planTransfer(test.pool, transfer)).toMatchObject([{ target: 'postgres:lines', records: 2 }]);
    await transferRecords(test.pool, transfer);
    const report = await publish([{ id: 'a' }], { id: 'new-name' });
    expect(report.tasks[0]).toMatchObject({ targets: [{ unchanged: 1, withdrawn: 1, rejected: 0 }], warnings: [] });
    expect(await listTransfers(test.pool, 'new-name')).toMatchObject([
      { from: 'old-name', records: 2, by: 'test', reason: 'renamed' },
    ]);
    await expect(transferRecords(test.pool, transfer)).rejects.toMatchObject({ code: 'E_TRANSFER_REFUSED' });
    const { rows } = await test.pool.query(`SELECT 1 FROM vocab_sync.run WHERE finished_at IS NULL`);
    expect(rows).toEqual([]);
  });

  it('does not move while a run of one of the jobs is under way', async () => {
    await publish([{ id: 'a' }], { id: 'old-name' });
    await test.pool.query(`UPDATE vocab_sync.run SET finished_at = NULL`);
    const transfer = { from: 'old-name', to: 'new-name', target: undefined, by: 'test', reason: undefined };
    await expect(transferRecords(test.pool, transfer)).rejects.toMatchObject({
      code: 'E_TRANSFER_REFUSED',
      message: expect.stringContaining('under way') as string,
    });
  });

  it('is opened by psql without the password among its arguments', () => {
    const { args, env } = psqlCall(
      new URL('postgresql://me:s3cr%25t@db:5433/v?sslmode=require&password=s3cr%25t&x=1'),
      'SELECT 1',
    );
    expect(args).toEqual(['postgresql://me@db:5433/v?sslmode=require', '-c', 'SELECT 1']);
    expect(env['PGPASSWORD']).toBe('s3cr%t');
  });
});
