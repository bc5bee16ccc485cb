/** A table of another database for the writer `postgres-table`, in both of its forms. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { testDatabase } from '../support/postgres.ts';
import { startPostgresRelay } from '../support/postgres-relay.ts';
import { changesTargets, type ChangesBench, type ChangesTarget } from './changes-benches.ts';

interface Form {
  readonly args: Readonly<Record<string, unknown>>;
  readonly setUp: string;
  readonly name: string;
  readonly edit: string;
  readonly remove: string;
  /** A name that the table refuses. */
  readonly refusedName: string;
}

const FORMS: Readonly<Record<'records' | 'columns', Form>> = {
  records: {
    args: { table: 'affiliations', create: true },
    setUp: '',
    name: `SELECT record ->> 'name' AS name FROM public.affiliations WHERE id = $1 AND withdrawn_at IS NULL`,
    edit: `INSERT INTO public.affiliations VALUES ($1, jsonb_build_object('id', $1::text, 'name', $2::text), now())
      ON CONFLICT (id) DO UPDATE SET record = excluded.record`,
    remove: 'DELETE FROM public.affiliations WHERE id = $1',
    refusedName: 'no\0text',
  },
  columns: {
    args: {
      schema: 'catalogue',
      table: 'Organisations',
      columns: { ror_id: '/id', Name: '/name', record: '' },
      fixed: { origin: 'ror' },
      withdrawn_column: 'is_closed',
    },
    setUp: `CREATE SCHEMA catalogue; CREATE TABLE catalogue."Organisations" (
      number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, origin text NOT NULL, ror_id text NOT NULL,
      "Name" varchar(40) NOT NULL CHECK ("Name" <> 'refused'), record json, is_closed boolean NOT NULL, note text,
      UNIQUE (origin, ror_id))`,
    name: `SELECT "Name" AS name FROM catalogue."Organisations" WHERE ror_id = $1 AND NOT is_closed`,
    edit: `INSERT INTO catalogue."Organisations" (origin, ror_id, "Name", is_closed) VALUES ('ror', $1, $2, false)
      ON CONFLICT (origin, ror_id) DO UPDATE SET "Name" = excluded."Name"`,
    remove: 'DELETE FROM catalogue."Organisations" WHERE ror_id = $1',
    refusedName: 'refused',
  },
};

function openPostgresBench(form: keyof typeof FORMS): () => Promise<ChangesBench> {
  const { args, setUp, name, edit, remove, refusedName } = FORMS[form];
  return async () => {
    const database = await testDatabase();
    const relay = await startPostgresRelay(database.url);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    if (setUp !== '') await client.query(setUp);
    return {
      // The name of the target, which no other test has.
      args: { ...args, database: `db-${randomBytes(4).toString('hex')}` },
      secrets: { url: relay.url },
      document: (id, value) => ({ id, name: value }),
      refused: (id) => ({ id, name: refusedName }),
      nameOf: async (id) => (await client.query<{ name: string }>(name, [id])).rows[0]?.name,
      edit: async (id, value) => {
        await client.query(edit, [id, value]);
      },
      remove: async (id) => {
        await client.query(remove, [id]);
      },
      writes: () => relay.writes,
      cut(when) {
        relay.cut = when;
      },
      async close() {
        await client.end();
        await relay.close();
        await database.drop();
      },
    };
  };
}

export const postgresTargets = {
  'postgres-table, records': { type: 'postgres-table', start: openPostgresBench('records'), lacks: ['http'] },
  'postgres-table, columns': { type: 'postgres-table', start: openPostgresBench('columns'), lacks: ['http'] },
} as const;

/** Every kind of target, with its name and the type of its writer. */
export const targetsOfTests: readonly (readonly [string, ChangesTarget & { readonly type: string }])[] = [
  ...Object.entries(changesTargets).map(([type, target]) => [type, { ...target, type }] as const),
  ...Object.entries(postgresTargets),
];
