/** Databases and roles that are set up in an unusual way, and what their errors become. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { askPostgres } from '../../src/embedded/postgres-ready.ts';
import { checkDatabase } from '../../src/cli/doctor/check-database.ts';
import { loadSettings } from '../../src/settings.ts';
import { toDatabaseError } from '../../src/postgres/database-error.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { inTransaction, openPool } from '../../src/postgres/pool.ts';
import { linesJob, openTestEngine, readTable, runJobOnce, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';

const lines = (count: number): string =>
  Array.from({ length: count }, (_, i) => JSON.stringify({ id: `r${String(i)}` })).join('\n');

describeWithPostgres('a database with settings of its own', () => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await openTestEngine();
  });
  afterEach(async () => {
    await test.close();
  });

  it.each([
    "datestyle = 'German'",
    'statement_timeout = 1',
    'lock_timeout = 1',
    "search_path = ''",
    "client_encoding = 'LATIN1'",
    'standard_conforming_strings = off',
    "bytea_output = 'escape'",
    "intervalstyle = 'sql_standard'",
    "timezone = 'Asia/Kathmandu'",
    'default_transaction_read_only = on',
    "default_transaction_isolation = 'serializable'",
    'idle_in_transaction_session_timeout = 1',
  ])('runs with %s as with the defaults', async (setting) => {
    const database = new URL(test.url).pathname.slice(1);
    await test.pool.query(`ALTER DATABASE ${database} SET ${setting}`);
    const other = await openTestEngine(test.url);
    try {
      const config = linesJob(test.file('a.jsonl', `${lines(3)}\n{"id":"back\\\\slash","name":"Zürich"}\n`));
      expect(await runJobOnce(other.steps, config)).toMatchObject({ outcome: 'success' });
      const next = await runJobOnce(other.steps, config);
      expect(next).toMatchObject({ outcome: 'unchanged' });
      expect(Math.abs(Date.parse(next.started_at) - Date.now())).toBeLessThan(600_000);
      expect((await readTable(other.pool, 'lines')).map(({ record }) => record['name'])).toContain('Zürich');
    } finally {
      await other.pool.end();
    }
  });

  it('opens every connection although its statements may take a millisecond only', async () => {
    const database = new URL(test.url).pathname.slice(1);
    await test.pool.query(`ALTER DATABASE ${database} SET statement_timeout = 1`);
    for (let round = 0; round < 50; round++) {
      const pool = openPool({ url: test.url, max: 1 });
      const { rows } = await pool
        .query<{ statement_timeout: string }>('SHOW statement_timeout')
        .finally(() => pool.end());
      expect(rows).toEqual([{ statement_timeout: '0' }]);
    }
  });

  it.each([
    ['dropped', 'DROP TABLE vocabularies.lines CASCADE', 'E_TARGET_CHANGED'],
    ['altered', 'ALTER TABLE vocabularies.lines DROP COLUMN source_hash', 'E_TARGET_CHANGED'],
    ['given a column that must be set', 'ALTER TABLE vocabularies.lines ADD note text NOT NULL', 'E_TARGET_CHANGED'],
    [
      'given a trigger that refuses',
      `CREATE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
       CREATE TRIGGER no BEFORE INSERT ON vocabularies.lines FOR EACH ROW EXECUTE FUNCTION public.no()`,
      'E_TARGET_CHANGED',
    ],
  ])('fails with a remedy when a table was %s between the plan and its publication', async (_what, sql, code) => {
    const config = linesJob(test.file('a.jsonl', lines(3)));
    await test.steps.resolveRun(
      {
        run: '0197a000-0000-7000-8000-000000000001',
        workflowId: 'wf',
        request: { job: 'lines', trigger: 'manual', config: JSON.stringify(config) },
      },
      context(),
    );
    const task = { run: '0197a000-0000-7000-8000-000000000001', task: 'main' };
    await test.steps.fetchSource(task, context());
    await test.steps.stagePartition({ ...task, partition: 0 }, context());
    const { planDigest } = await test.steps.compareTargets(task, context());
    await test.pool.query(sql);
    const applying = test.steps.applyChanges({ ...task, planDigest }, context());
    await expect(applying).rejects.toMatchObject({ code, kind: 'state' });
  });

  it('fails with the missing right where the role may not write', async () => {
    const role = `reader_${randomBytes(4).toString('hex')}`;
    await runJobOnce(test.steps, linesJob(test.file('a.jsonl', lines(3))));
    await test.pool.query(`CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA vocabularies TO ${role}`);
    try {
      const refused = inTransaction(test.pool, async (client) => {
        await client.query(`SET LOCAL ROLE ${role}`);
        await client.query('INSERT INTO vocabularies.lines (id) VALUES (1)');
      });
      await expect(refused).rejects.toMatchObject({ code: 'E_DATABASE_REFUSED', kind: 'config' });
    } finally {
      await test.pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });

  it('waits for a server that accepts no writes, and for a statement that was cancelled', async () => {
    await expect(
      inTransaction(test.pool, async (client) => {
        await client.query('SET TRANSACTION READ ONLY');
        await client.query('CREATE TABLE vocabularies.x ()');
      }),
    ).rejects.toMatchObject({ code: 'E_DATABASE_UNAVAILABLE', message: expect.stringContaining('25006') as string });
    await expect(
      inTransaction(test.pool, async (client) => {
        await client.query('SET LOCAL statement_timeout = 5');
        await client.query('SELECT pg_sleep(5)');
      }),
    ).rejects.toMatchObject({ code: 'E_DATABASE_UNAVAILABLE', message: expect.stringContaining('57014') as string });
  });

  it.each(['LATIN1', 'SQL_ASCII'])('is refused in %s, by migrate and by doctor', async (encoding) => {
    const server = inject('postgres');
    if ('missing' in server) throw new Error(server.missing);
    const name = `encoding_${randomBytes(4).toString('hex')}`;
    await askPostgres(
      server.url,
      `CREATE DATABASE ${name} TEMPLATE template0 ENCODING '${encoding}' LOCALE 'C' LOCALE_PROVIDER libc`,
    );
    const url = new URL(server.url);
    url.pathname = `/${name}`;
    try {
      await expect(migrate(url.href)).rejects.toMatchObject({
        code: 'E_DATABASE_REFUSED',
        message: expect.stringContaining(encoding) as string,
      });
      const findings = await checkDatabase({ ...loadSettings({}), databaseUrl: url.href });
      expect(JSON.stringify(findings)).toContain(encoding);
    } finally {
      await askPostgres(server.url, `DROP DATABASE ${name} WITH (FORCE)`);
    }
  });

  it('refuses a wrong password and a missing database as settings', async () => {
    const wrong = new URL(test.url);
    wrong.password = 'wrong';
    const missing = new URL(test.url);
    missing.pathname = '/nowhere';
    for (const { href } of [wrong, missing]) {
      const pool = openPool({ url: href, max: 1 });
      await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'E_SETTINGS_INVALID' });
      await pool.end();
    }
  });
});

const context = () => ({ signal: new AbortController().signal, onProgress: () => undefined });

describe('an error of the database', () => {
  const coded = (code: string) => Object.assign(new Error('it broke'), { code, severity: 'ERROR' });

  it.each([
    ['53200', 'E_DATABASE_UNAVAILABLE'],
    ['53300', 'E_DATABASE_UNAVAILABLE'],
    ['53100', 'E_DISK_FULL'],
    ['22P05', 'E_DATABASE_REFUSED'],
    ['42703', 'E_TARGET_CHANGED'],
    ['23502', 'E_TARGET_CHANGED'],
    ['28P01', 'E_SETTINGS_INVALID'],
    ['57P01', 'E_DATABASE_UNAVAILABLE'],
  ])('%s becomes %s', (sqlstate, code) => {
    expect(toDatabaseError(coded(sqlstate))).toMatchObject({ code });
  });

  it('that only a bug can cause stays as it is', () => {
    expect(toDatabaseError(coded('42601'))).toBeUndefined();
  });
});
