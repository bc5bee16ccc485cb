/**
 * The SQL of one table. Rows are sent as JSON and converted in the database, so that compared values go through the
 * same conversion as stored values. A row is compared by a digest of its columns.
 */
import { valueAt } from '../../src/job/pointer.ts';
import { quoteIdentifier } from '../../src/postgres/sql-identifier.ts';
import { quoteLiteral } from '../../src/postgres/publish/target.ts';
import type { Change } from '../../src/records/change.ts';
import type { Column, Layout } from './read-layout.ts';

export interface TableStatements {
  /** Each takes the rows (see `toRows`) as its parameter and returns `place`, and `digest` unless the row is gone. */
  readonly insert: string;
  readonly update: string;
  readonly withdraw: string | undefined;
  readonly remove: string;
  /** Locks the rows that exist, and compares them. */
  readonly compare: string;
  /** Takes ids: `place`, `id` and what the table holds. */
  readonly look: string;
  /** Takes one row: the columns of the table that differ from it, as `[position, wanted, held]`. */
  readonly differences: string;
  /** All rows, in order of the bytes of the id, after the id of its parameter, or from the first if that is null. */
  readonly list: string;
}

export function makeStatements(layout: Layout): TableStatements {
  const terms = termsOf(layout);
  return { ...statementsThatWrite(layout, terms), ...statementsThatRead(layout, terms) };
}

type Terms = ReturnType<typeof termsOf>;

/** The table is `t`, the rows of the parameter are `r`. */
function termsOf({ columns, key, withdrawn }: Layout) {
  const position = (column: Column): string => String(columns.indexOf(column));
  const at = (column: Column): string => `t.${quoteIdentifier(column.name)}`;
  const rows = `json_to_recordset($1::json) AS r (place int, ${columns
    .flatMap((column, i) => [`n${String(i)} ${column.type}`, `b${String(i)} ${column.type}`])
    .join(', ')}, published boolean, was_withdrawn boolean)`;
  const mark = withdrawn === undefined ? '' : `t.${quoteIdentifier(withdrawn.name)}`;
  const isMarked = withdrawn?.isBoolean === true ? `coalesce(${mark}, false)` : `${mark} IS NOT NULL`;
  const isWithdrawn = withdrawn === undefined ? 'false' : isMarked;
  return {
    ...{ position, at, rows, isWithdrawn },
    matches: key.map((column) => `${at(column)} = r.n${position(column)}`).join(' AND '),
    stored: digestOf(columns.map(at), columns, isWithdrawn),
  };
}

function statementsThatWrite(
  layout: Layout,
  { position, at, rows, matches, stored }: Terms,
): Pick<TableStatements, 'insert' | 'update' | 'withdraw' | 'remove'> {
  const { relation, columns, key, id, withdrawn } = layout;
  const names = columns.map(({ name }) => quoteIdentifier(name));
  const live = marksOf(layout, false);
  const sets = columns
    .filter((column) => !key.includes(column))
    .map((column) => `${quoteIdentifier(column.name)} = r.n${position(column)}`);
  const assigned = [...sets, ...live.map(([name, value]) => `${name} = ${value}`)];
  const update = (what: readonly string[]): string =>
    `UPDATE ${relation} AS t SET ${what.join(', ')} FROM ${rows} WHERE ${matches} RETURNING r.place, ${stored} AS digest`;
  return {
    insert: `WITH r AS (SELECT * FROM ${rows}), put AS (
        INSERT INTO ${relation} AS t (${[...names, ...live.map(([name]) => name)].join(', ')})
        SELECT ${[...namesIn('n', columns), ...live.map(([, value]) => value)].join(', ')} FROM r
        ON CONFLICT (${key.map(({ name }) => quoteIdentifier(name)).join(', ')}) DO NOTHING
        RETURNING ${at(id)} AS id, ${stored} AS digest
      ) SELECT r.place, put.digest FROM put JOIN r ON r.n${position(id)} = put.id`,
    update: update(assigned.length === 0 ? [`${quoteIdentifier(id.name)} = r.n${position(id)}`] : assigned),
    withdraw:
      withdrawn === undefined ? undefined : update(marksOf(layout, true).map(([name, value]) => `${name} = ${value}`)),
    remove: `DELETE FROM ${relation} AS t USING ${rows} WHERE ${matches} RETURNING r.place, NULL AS digest`,
  };
}

/** The columns that say whether a row is withdrawn and when it changed, with their values. */
function marksOf({ withdrawn, changed }: Layout, isGone: boolean): readonly (readonly [string, string])[] {
  const ofTime = changed === undefined ? [] : [[quoteIdentifier(changed), 'now()'] as const];
  if (withdrawn === undefined) return ofTime;
  const value = withdrawn.isBoolean ? String(isGone) : isGone ? 'now()' : 'NULL';
  return [[quoteIdentifier(withdrawn.name), value], ...ofTime];
}

function statementsThatRead(
  layout: Layout,
  { position, at, rows, matches, isWithdrawn, stored }: Terms,
): Pick<TableStatements, 'compare' | 'look' | 'differences' | 'list'> {
  const { relation, columns, key, id, record } = layout;
  const values = columns.filter((column) => !key.includes(column));
  const content =
    record === undefined
      ? `jsonb_build_array(${columns.map((column) => `to_jsonb(${at(column)})`).join(', ')})`
      : at(record);
  const held = `${stored} AS digest, ${isWithdrawn} AS withdrawn, ${content} AS content`;
  const ofKey = key.flatMap((column) =>
    'fixed' in column.value ? [`${at(column)} = ${quoteLiteral(String(column.value.fixed))}::${column.type}`] : [],
  );
  const idText = `(${at(id)}::text COLLATE "C")`;
  const difference = (column: Column, i: number): string => {
    const wanted = `r.n${String(i)}`;
    const isOther = `${comparable(at(column), column)} IS DISTINCT FROM ${comparable(wanted, column)}`;
    return `(${String(i)}, to_jsonb(${wanted}), to_jsonb(${at(column)}), ${isOther})`;
  };
  return {
    compare: `SELECT r.place, ${stored} AS digest, ${isWithdrawn} AS withdrawn,
        ${digestOf(namesIn('n', columns), columns, 'false')} AS wanted,
        CASE WHEN r.published THEN ${digestOf(namesIn('b', columns), columns, 'r.was_withdrawn')} END AS published,
        CASE WHEN r.published THEN concat_ws(', ', ${values.map(differs(columns)).join(', ') || 'NULL'}) END AS differs
      FROM ${rows} JOIN ${relation} AS t ON ${matches} FOR UPDATE OF t`,
    look: `SELECT r.place, ${held} FROM json_to_recordset($1::json) AS r (place int, n${position(id)} ${id.type})
      JOIN ${relation} AS t ON ${[`${at(id)} = r.n${position(id)}`, ...ofKey].join(' AND ')}`,
    differences: `SELECT json_build_array(d.i, d.wanted, d.held) AS difference
      FROM ${rows} JOIN ${relation} AS t ON ${matches}
      CROSS JOIN LATERAL (VALUES ${columns.map(difference).join(', ')}) AS d (i, wanted, held, differs)
      WHERE d.differs ORDER BY d.i`,
    list: `SELECT ${at(id)}::text AS id, ${held} FROM ${relation} AS t
      WHERE ${[`($1::text IS NULL OR ${idText} > $1)`, ...ofKey].join(' AND ')} ORDER BY ${idText}`,
  };
}

function namesIn(prefix: string, columns: readonly Column[]): string[] {
  return columns.map((_, i) => `r.${prefix}${String(i)}`);
}

/** `json` has no equality, and other types have one that ignores some differences. */
function comparable(expression: string, { type }: Column): string {
  return /^jsonb?$/.test(type) ? `${expression}::jsonb` : `${expression}::text COLLATE "C"`;
}

function digestOf(expressions: readonly string[], columns: readonly Column[], isWithdrawn: string): string {
  const parts = columns.map((column, i) => comparable(expressions[i] ?? '', column));
  return `encode(substr(sha256(convert_to(jsonb_build_array(${[...parts, isWithdrawn].join(', ')})::text, 'UTF8')), 1, 16), 'hex')`;
}

function differs(columns: readonly Column[]): (column: Column) => string {
  return (column) => {
    const stored = comparable(`t.${quoteIdentifier(column.name)}`, column);
    const published = comparable(`r.b${String(columns.indexOf(column))}`, column);
    return `CASE WHEN ${stored} IS DISTINCT FROM ${published} THEN ${quoteLiteral(column.name)} END`;
  };
}

/** The parameter of the statements. */
export function toRows({ columns }: Layout, changes: readonly Change[]): string {
  const rows = changes.map((change, place) => {
    const published = change.kind === 'withdraw' ? change.document : change.before;
    const row: Record<string, unknown> = { place, published: published !== undefined };
    row['was_withdrawn'] = change.kind === 'restore';
    columns.forEach(({ value }, i) => {
      const of = (document: unknown): unknown => ('fixed' in value ? value.fixed : valueAt(document, value.path));
      row[`n${String(i)}`] = of(change.document);
      if (published !== undefined) row[`b${String(i)}`] = of(published);
    });
    return row;
  });
  return JSON.stringify(rows);
}
