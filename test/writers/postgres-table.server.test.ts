/** The writer `postgres-table`: the tables of other programs, and the errors that PostgreSQL returns. */
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { ChangesSink } from '../../src/component/writer.ts';
import type { VocabSyncError } from '../../src/errors.ts';
import type { Change, ChangeResult } from '../../src/records/change.ts';
import type { Document } from '../../src/records/document.ts';
import { parseJob } from '../../src/job/parse-job.ts';
import { postgresTable } from '../../writers/postgres-table.ts';
import { GOOD } from '../job/check-text.ts';
import { testCatalog } from '../support/engine.ts';
import { noApi, noS3 } from '../support/no-services.ts';
import { describeWithPostgres, testDatabase, type TestDatabase } from '../support/postgres.ts';
import { silentLogger } from '../support/silent-logger.ts';

const { signal } = new AbortController();
const context = {
  ...{ run: 'run-1', job: 'job-a', task: 'main', signal, api: noApi, logger: silentLogger() },
  turn: () => Promise.resolve(),
};

describeWithPostgres('the writer postgres-table', () => {
  let database: TestDatabase;
  let client: pg.Client;
  let url: string;
  beforeAll(async () => {
    database = await testDatabase();
    url = database.url;
    client = new pg.Client({ connectionString: url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });
  beforeEach(async () => {
    await client.query('DROP SCHEMA IF EXISTS own CASCADE; CREATE SCHEMA own');
  });

  const argsOf = (more: object): unknown =>
    postgresTable.args.parse({ url, database: 'other', schema: 'own', table: 't', ...more });
  const preflight = (more: object): Promise<void> | undefined =>
    postgresTable.preflight?.(argsOf(more), { job: 'job-a', api: noApi, signal, buckets: noS3.target });
  const failureOf = async (work: Promise<unknown> | undefined): Promise<VocabSyncError> => {
    try {
      await work;
    } catch (thrown) {
      return thrown as VocabSyncError;
    }
    throw new Error('nothing was thrown');
  };
  const withSink = async <T>(more: object, work: (sink: ChangesSink) => Promise<T>): Promise<T> => {
    const sink = await postgresTable.open(argsOf(more), context);
    try {
      return await work(sink);
    } finally {
      await sink.close();
    }
  };
  const insert = (document: Document): Change => ({ id: document.id, kind: 'insert', document, overwrites: false });
  const write = (more: object, ...changes: Change[]): Promise<Record<string, ChangeResult>> =>
    withSink(more, async (sink) => Object.fromEntries((await sink.write(changes)).map((one) => [one.id, one])));
  const rows = async (): Promise<unknown[]> => (await client.query<object>('SELECT * FROM own.t ORDER BY 1')).rows;

  it('prints the statement that creates a missing table, which then fits', async () => {
    const args = {
      columns: { ror: '/id', founded: '/founded', names: '/names' },
      types: { founded: 'int', names: 'text[]' },
      fixed: { scheme: 'ror' },
      on_missing: 'withdraw',
      withdrawn_column: 'closed_at',
    };
    const error = await failureOf(preflight(args));
    expect(error.code).toBe('E_TARGET_CONFLICT');
    const statement = /CREATE TABLE .*\)/.exec(error.message)?.[0] ?? '';
    await client.query(statement);
    await preflight(args);
    await write(args, insert({ id: 'a', founded: 1900, names: ['A', 'B'] }));
    expect(await rows()).toEqual([{ ror: 'a', founded: 1900, names: ['A', 'B'], scheme: 'ror', closed_at: null }]);
  });

  it('creates the table where it is asked to, and not in a preflight', async () => {
    await preflight({ create: true });
    expect((await client.query(`SELECT to_regclass('own.t') AS found`)).rows).toEqual([{ found: null }]);
    await write({ create: true }, insert({ id: 'a', name: 'A' }));
    expect(await rows()).toMatchObject([{ id: 'a', record: { id: 'a', name: 'A' }, withdrawn_at: null }]);
  });

  it.each([
    ['has no such column', 'CREATE TABLE own.t (id text PRIMARY KEY)', 'ALTER TABLE "own"."t" ADD COLUMN "name" text'],
    ['has another type', 'CREATE TABLE own.t (id text PRIMARY KEY, name int)', 'name of type integer'],
    ['has no unique index', 'CREATE TABLE own.t (id text, name text)', 'CREATE UNIQUE INDEX ON "own"."t" ("id")'],
    ['is a view', `CREATE VIEW own.t AS SELECT 'a'::text AS id, 'b'::text AS name`, 'not a table'],
    [
      'computes the column',
      'CREATE TABLE own.t (id text PRIMARY KEY, name text GENERATED ALWAYS AS (id) STORED)',
      'computes the column name',
    ],
  ])('refuses a table that %s', async (_what, setUp, words) => {
    await client.query(setUp);
    const error = await failureOf(preflight({ columns: { id: '/id', name: '/name' }, types: { name: 'text' } }));
    expect(error.code).toBe('E_TARGET_CONFLICT');
    expect(error.message).toContain(words);
  });

  it('refuses tables of vocab-sync itself', async () => {
    expect(postgresTable.args.safeParse({ url, database: 'other', schema: 'vocab_sync', table: 'run' }).success).toBe(
      false,
    );
    await client.query('CREATE TABLE IF NOT EXISTS vocabularies.own (id text PRIMARY KEY, record jsonb)');
    expect((await failureOf(preflight({ schema: 'vocabularies', table: 'own' }))).code).toBe('E_TARGET_CONFLICT');
  });

  it('says which right is missing, and which login is refused', async () => {
    await client.query(`CREATE TABLE own.t (id text PRIMARY KEY, name text);
      DO $$ BEGIN CREATE ROLE table_reader LOGIN PASSWORD 'a-password'; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
      GRANT USAGE ON SCHEMA own TO table_reader; GRANT SELECT ON own.t TO table_reader`);
    const reader = new URL(url);
    [reader.username, reader.password] = ['table_reader', 'a-password'];
    const columns = { id: '/id', name: '/name' };
    const missing = await failureOf(preflight({ url: reader.href, columns }));
    expect([missing.code, missing.message]).toEqual(['E_TARGET_FORBIDDEN', expect.stringContaining('INSERT')]);
    await client.query('GRANT INSERT, UPDATE ON own.t TO table_reader');
    await preflight({ url: reader.href, columns });
    expect((await failureOf(preflight({ url: reader.href, columns, on_missing: 'delete' }))).code).toBe(
      'E_TARGET_FORBIDDEN',
    );
    reader.pathname = '/no_such_database';
    const login = await failureOf(preflight({ url: reader.href, columns }));
    expect(login.code).toBe('E_TARGET_FORBIDDEN');
    expect(login.message).not.toContain('a-password');
    const away = await failureOf(preflight({ url: 'postgresql://u:a-password@127.0.0.1:1/x' }));
    expect(away.code).toBe('E_TARGET_UNAVAILABLE');
    expect(away.message).not.toContain('a-password');
  });

  it('rejects single rows of a batch with the words of PostgreSQL, and writes the others', async () => {
    await client.query(`CREATE TABLE own.t (id varchar(5) PRIMARY KEY, founded int, name text UNIQUE,
        parent text REFERENCES own.t (id) DEFERRABLE INITIALLY DEFERRED);
      CREATE FUNCTION own.check_name() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.name = 'bad' THEN RAISE EXCEPTION 'this name is bad'; END IF;
        IF NEW.name = 'skip' THEN RETURN NULL; END IF;
        RETURN NEW; END $$;
      CREATE TRIGGER t BEFORE INSERT ON own.t FOR EACH ROW EXECUTE FUNCTION own.check_name()`);
    const results = await write(
      { columns: { id: '/id', founded: '/founded', name: '/name', parent: '/parent' } },
      ...[
        { id: 'a', name: 'A' },
        { id: 'too-long', name: 'B' },
        { id: 'c', founded: 'nineteen', name: 'C' },
        { id: 'd', name: 'bad' },
        { id: 'e', name: 'A' },
        { id: 'f', name: 'F', parent: 'none' },
        { id: 'g', name: 'skip' },
        { id: 'h', name: 'H', parent: 'a' },
      ].map(insert),
    );
    const messages = Object.values(results).map((one) => ('message' in one ? one.message : one.result));
    expect(messages).toEqual([
      'done',
      expect.stringMatching(/22001.*character varying\(5\)/) as string,
      expect.stringMatching(/22P02.*nineteen/) as string,
      expect.stringMatching(/P0001.*this name is bad/) as string,
      expect.stringMatching(/23505.*already exists/) as string,
      expect.stringMatching(/23503.*none/) as string,
      expect.stringMatching(/trigger/) as string,
      'done',
    ]);
    expect((await client.query('SELECT id FROM own.t ORDER BY id')).rows).toEqual([{ id: 'a' }, { id: 'h' }]);
  });

  it.each([
    ['53100', 'E_DISK_FULL'],
    ['25006', 'E_TARGET_UNAVAILABLE'],
    ['40P01', 'E_TARGET_UNAVAILABLE'],
    ['57P01', 'E_TARGET_UNAVAILABLE'],
  ])('waits where PostgreSQL answers %s, and writes nothing of the batch', async (state, code) => {
    const work =
      state === '57P01'
        ? 'PERFORM pg_terminate_backend(pg_backend_pid())'
        : `RAISE 'as asked' USING ERRCODE = '${state}'`;
    await client.query(`CREATE TABLE own.t (id text PRIMARY KEY, name text);
      CREATE FUNCTION own.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.id = 'b' THEN ${work}; END IF; RETURN NEW; END $$;
      CREATE TRIGGER t BEFORE INSERT ON own.t FOR EACH ROW EXECUTE FUNCTION own.fail()`);
    const columns = { id: '/id', name: '/name' };
    const error = await failureOf(write({ columns }, insert({ id: 'a' }), insert({ id: 'b' })));
    expect([error.code, error.kind]).toEqual([code, 'unavailable']);
    expect(await rows()).toEqual([]);
  });

  it('waits for a free connection', async () => {
    await client.query(`DO $$ BEGIN CREATE ROLE table_nobody LOGIN PASSWORD 'x' CONNECTION LIMIT 0;
      EXCEPTION WHEN duplicate_object THEN NULL; END $$`);
    const nobody = new URL(url);
    [nobody.username, nobody.password] = ['table_nobody', 'x'];
    expect((await failureOf(preflight({ url: nobody.href }))).code).toBe('E_TARGET_UNAVAILABLE');
  });

  it('ends a statement that waits too long for a lock', async () => {
    await client.query('CREATE TABLE own.t (id text PRIMARY KEY, name text)');
    await client.query('BEGIN; LOCK own.t IN EXCLUSIVE MODE');
    try {
      const args = { columns: { id: '/id', name: '/name' }, timeout_seconds: 1 };
      expect((await failureOf(write(args, insert({ id: 'a' })))).code).toBe('E_TARGET_UNAVAILABLE');
    } finally {
      await client.query('ROLLBACK');
    }
  });

  it('leaves other columns alone, and does not take a trigger of the table for an editor', async () => {
    await client.query(`CREATE TABLE own.t (id text PRIMARY KEY, name text, note text, seen int);
      CREATE TABLE own.log (id text);
      CREATE FUNCTION own.normalise() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        NEW.name := upper(NEW.name); INSERT INTO own.log VALUES (NEW.id); RETURN NEW; END $$;
      CREATE TRIGGER t BEFORE INSERT OR UPDATE ON own.t FOR EACH ROW EXECUTE FUNCTION own.normalise()`);
    const args = { columns: { id: '/id', name: '/name' } };
    const made = (await write(args, insert({ id: 'a', name: 'one' })))['a'];
    await client.query(`UPDATE own.t SET note = 'of the portal'`);
    const remote = made?.result === 'done' ? made.remote : undefined;
    const update: Change = {
      ...{ id: 'a', kind: 'update', document: { id: 'a', name: 'two' }, before: { id: 'a', name: 'one' } },
      ...(remote === undefined ? {} : { remote }),
      overwrites: false,
    };
    expect((await write(args, update))['a']?.result).toBe('done');
    expect(await rows()).toEqual([{ id: 'a', name: 'TWO', note: 'of the portal', seen: null }]);
    await client.query(`UPDATE own.t SET name = 'Edited'`);
    const conflict = (await write(args, { ...update, document: { id: 'a', name: 'three' } }))['a'];
    expect(conflict).toMatchObject({ result: 'conflict', message: expect.stringContaining('name') as string });
  });

  it('shares a table with other vocabularies by its fixed columns', async () => {
    await client.query('CREATE TABLE own.t (scheme text, code text, title jsonb, PRIMARY KEY (scheme, code))');
    const args = (scheme: string): object => ({
      columns: { code: '/id', title: '/title' },
      fixed: { scheme },
      on_missing: 'delete',
    });
    await write(args('x'), insert({ id: 'a', title: { en: 'X' } }));
    await write(args('y'), insert({ id: 'a', title: { en: 'Y' } }), insert({ id: 'b', title: null }));
    const gone: Change = { ...insert({ id: 'a', title: { en: 'Y' } }), kind: 'withdraw' };
    expect((await write(args('y'), gone))['a']?.result).toBe('done');
    expect(await rows()).toEqual([
      { scheme: 'x', code: 'a', title: { en: 'X' } },
      { scheme: 'y', code: 'b', title: null },
    ]);
    const ids = await withSink(args('y'), async (sink) => {
      const found: string[] = [];
      for await (const some of sink.list?.(undefined) ?? []) found.push(...some.map(({ id }) => id));
      return [found, [...((await sink.look?.(['a', 'b'])) ?? new Map<string, unknown>()).keys()]];
    });
    expect(ids).toEqual([['b'], ['b']]);
  });

  it('lists a table of any size in order of the bytes of the id', async () => {
    await client.query(`CREATE TABLE own.t (id text COLLATE "und-x-icu" PRIMARY KEY, record jsonb, changed_at timestamptz, withdrawn_at timestamptz);
      INSERT INTO own.t SELECT CASE WHEN i % 2 = 0 THEN 'B' ELSE 'a' END || i, '{}' FROM generate_series(1, 1201) i`);
    const ids = await withSink({}, async (sink) => {
      const found: string[] = [];
      for await (const some of sink.list?.('B1200') ?? []) found.push(...some.map(({ id }) => id));
      return found;
    });
    const all = (await client.query<{ id: string }>('SELECT id FROM own.t ORDER BY id COLLATE "C"')).rows.map(
      ({ id }) => id,
    );
    expect(ids).toEqual(all.slice(all.indexOf('B1200') + 1));
  });
});

it('takes its url only by reference, and does not show another one', async () => {
  const args = { url: 'postgresql://db.example.org/portal', database: 'portal', table: 't' };
  const text = JSON.stringify({ ...GOOD, writers: [{ type: 'postgres-table', args }] });
  const { problems } = await parseJob(text, { catalog: testCatalog });
  expect(JSON.stringify(problems)).toContain('/writers/0/args/url');
  expect(JSON.stringify(problems)).not.toContain('db.example.org');
});
