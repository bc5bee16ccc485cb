/** Compares the table with the job: which columns it has, of which types, and by which of them a row is found. */
import { ConfigError } from '../../src/errors.ts';
import { parsePointer } from '../../src/job/pointer.ts';
import type { PoolClient } from '../../src/postgres/pool.ts';
import { quoteIdentifier } from '../../src/postgres/sql-identifier.ts';
import { namesOf, type TableArgs } from './table-args.ts';

export interface Column {
  readonly name: string;
  /** As SQL text, with its modifier: `numeric(12,2)`. */
  readonly type: string;
  /** Where the value is in the record, or the value of every row. */
  readonly value: { readonly path: readonly string[] } | { readonly fixed: string | number | boolean };
}

export interface Layout {
  /** Quoted, with its schema. */
  readonly relation: string;
  readonly columns: readonly Column[];
  /** The columns of the unique index by which a row is found: the one of `/id`, and fixed ones. */
  readonly key: readonly Column[];
  readonly id: Column;
  /** The column that holds the whole record as JSON. */
  readonly record: Column | undefined;
  readonly withdrawn: { readonly name: string; readonly isBoolean: boolean } | undefined;
  readonly changed: string | undefined;
}

export function relationOf({ schema, table }: Pick<TableArgs, 'schema' | 'table'>): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}

/** Returns undefined if there is no such table. Throws ConfigError E_TARGET_CONFLICT if it does not fit the job. */
export async function readLayout(client: PoolClient, args: TableArgs): Promise<Layout | undefined> {
  const relation = relationOf(args);
  const { rows } = await client.query<{ oid: number; kind: string; own: boolean }>(
    `SELECT c.oid, c.relkind AS kind, EXISTS (
       SELECT FROM pg_class i JOIN pg_namespace n ON n.oid = i.relnamespace
       WHERE n.nspname = 'vocab_sync' AND i.relname = 'installation') AS own
     FROM pg_class c WHERE c.oid = to_regclass($1)`,
    [relation],
  );
  const [found] = rows;
  if (found === undefined) return undefined;
  if (found.own && args.schema === 'vocabularies') {
    throw unfit(relation, 'belongs to vocab-sync itself. Use the writer "postgres" of that installation');
  }
  if (!['r', 'p'].includes(found.kind)) throw unfit(relation, 'is not a table, but a view or something else');
  const types = await typesOf(client, found.oid, args, relation);
  const names = namesOf(args);
  const typeOf = (name: string): string => types.get(name) ?? 'text';
  const columns = [
    ...Object.entries(names.columns).map(([name, pointer]): Column => {
      return { name, type: typeOf(name), value: { path: parsePointer(pointer) } };
    }),
    ...Object.entries(names.fixed).map(([name, fixed]): Column => ({ name, type: typeOf(name), value: { fixed } })),
  ];
  const idName = Object.entries(names.columns).find(([, pointer]) => pointer === '/id')?.[0];
  const id = columns.find(({ name }) => name === idName);
  if (id === undefined) throw unfit(relation, 'has no column for "/id"');
  const { withdrawn, changed } = names;
  return {
    ...{ relation, columns, id, changed },
    key: await keyOf(client, found.oid, relation, columns, id),
    record: columns.find(({ name, type }) => names.columns[name] === '' && /^jsonb?$/.test(type)),
    withdrawn:
      withdrawn === undefined ? undefined : { name: withdrawn, isBoolean: isBoolean(relation, withdrawn, types) },
  };
}

function isBoolean(relation: string, name: string, types: ReadonlyMap<string, string>): boolean {
  const type = types.get(name) ?? '';
  if (type === 'boolean') return true;
  if (/^(timestamp|date)/.test(type)) return false;
  throw unfit(relation, `has a column ${name} of type ${type}; expected a timestamp, a date or a boolean`);
}

async function typesOf(
  client: PoolClient,
  oid: number,
  args: TableArgs,
  relation: string,
): Promise<ReadonlyMap<string, string>> {
  const wanted = namesOf(args);
  const { rows } = await client.query<{ name: string; type: string; generated: boolean; other: boolean }>(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
       a.attgenerated <> '' OR a.attidentity = 'a' AS generated,
       $2::json ->> a.attname IS NOT NULL AND to_regtype($2::json ->> a.attname) IS DISTINCT FROM a.atttypid::regtype AS other
     FROM pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped`,
    [oid, JSON.stringify(wanted.types)],
  );
  const found = new Map(rows.map((row) => [row.name, row]));
  const missing = definitionsOf(args).filter(({ name }) => !found.has(name));
  if (missing.length > 0) {
    const adds = missing.map(({ name, type }) => `ADD COLUMN ${quoteIdentifier(name)} ${type}`);
    const what = missing.map(({ name }) => name).join(', ');
    throw unfit(relation, `has no column ${what}. Add what is missing: ALTER TABLE ${relation} ${adds.join(', ')}`);
  }
  for (const { name } of definitionsOf(args)) {
    const row = found.get(name);
    if (row?.other === true) {
      throw unfit(relation, `has a column ${name} of type ${row.type}; the job expects ${wanted.types[name] ?? ''}`);
    }
    if (row?.generated === true) throw unfit(relation, `computes the column ${name} itself. Leave it out of the job`);
  }
  return new Map(rows.map(({ name, type }) => [name, type]));
}

/** The smallest unique index that consists of the column of the id and fixed columns. */
async function keyOf(
  client: PoolClient,
  oid: number,
  relation: string,
  columns: readonly Column[],
  id: Column,
): Promise<readonly Column[]> {
  const { rows } = await client.query<{ names: readonly string[] }>(
    `SELECT array_agg(a.attname::text) AS names
     FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1])
     WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
     GROUP BY i.indexrelid ORDER BY count(*)`,
    [oid],
  );
  const usable = columns.filter((column) => column === id || 'fixed' in column.value);
  for (const { names } of rows) {
    const key = usable.filter(({ name }) => names.includes(name));
    if (key.includes(id) && key.length === names.length) return key;
  }
  const list = usable.map(({ name }) => quoteIdentifier(name)).join(', ');
  throw unfit(
    relation,
    `has no unique index by which a row can be found. Create one: CREATE UNIQUE INDEX ON ${relation} (${list})`,
  );
}

interface Definition {
  readonly name: string;
  readonly type: string;
}

function definitionsOf(args: TableArgs): readonly Definition[] {
  const { columns, types, fixed, withdrawn, changed } = namesOf(args);
  const ofFixed = { string: 'text', number: 'numeric', boolean: 'boolean' } as const;
  return [
    ...Object.entries(columns).map(([name, pointer]) => {
      const fallback = pointer === '/id' ? 'text COLLATE "C"' : pointer === '' ? 'jsonb' : 'text';
      return { name, type: types[name] ?? fallback };
    }),
    ...Object.entries(fixed).map(([name, value]) => {
      return { name, type: types[name] ?? ofFixed[typeof value as keyof typeof ofFixed] };
    }),
    ...[changed, withdrawn]
      .filter((name) => name !== undefined)
      .map((name) => ({ name, type: types[name] ?? 'timestamptz' })),
  ];
}

/** The statement that creates the table of the job, without a semicolon. */
export function createStatement(args: TableArgs): string {
  const { columns, fixed } = namesOf(args);
  const id = Object.entries(columns).find(([, pointer]) => pointer === '/id')?.[0] ?? '';
  const key = [id, ...Object.keys(fixed)].map(quoteIdentifier).join(', ');
  const lines = definitionsOf(args).map(({ name, type }) => `${quoteIdentifier(name)} ${type}`);
  return `CREATE TABLE ${relationOf(args)} (${[...lines, `PRIMARY KEY (${key})`].join(', ')})`;
}

export function unfit(relation: string, what: string): ConfigError {
  return new ConfigError('E_TARGET_CONFLICT', `The table ${relation} ${what}.`);
}
