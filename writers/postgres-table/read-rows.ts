/** What the table holds, for look-ups, `verify` and `adopt`. */
import type { Expected } from '../../src/component/writer.ts';
import { toPointer } from '../../src/job/pointer.ts';
import type { Change, Held } from '../../src/records/change.ts';
import type { Document } from '../../src/records/document.ts';
import { compareFields, type FieldChange } from '../../src/records/field-changes.ts';
import { isJsonObject, setOwn } from '../../src/records/json-object.ts';
import { toRows, type TableStatements } from './make-statements.ts';
import { transact, type OpenTable } from './open-table.ts';
import type { Layout } from './read-layout.ts';
import { refusalOf, toTableError } from './to-table-error.ts';

const PAGE = 500;

interface HeldRow {
  readonly place: number;
  readonly id: string;
  readonly digest: string;
  readonly withdrawn: boolean;
  /** The whole record, or the values of the columns. */
  readonly content: unknown;
}

function toHeld(layout: Layout, id: string, { digest, withdrawn, content }: HeldRow): Held {
  const document = layout.record === undefined ? documentOf(layout, id, content as readonly unknown[]) : content;
  return {
    id,
    state: withdrawn ? 'gone' : 'live',
    ...(isJsonObject(document) ? { document: { ...document, id } } : {}),
    remote: { digest },
  };
}

/** The part of the record that the columns hold. */
function documentOf({ columns }: Layout, id: string, values: readonly unknown[]): Document {
  const document: Record<string, unknown> = { id };
  for (const [i, { value }] of columns.entries()) {
    if ('fixed' in value || values[i] === null) continue;
    let place = document;
    for (const step of value.path.slice(0, -1)) {
      const inner = Object.hasOwn(place, step) ? place[step] : undefined;
      const next: Record<string, unknown> = isJsonObject(inner) ? inner : {};
      setOwn(place, step, next);
      place = next;
    }
    setOwn(place, value.path.at(-1) ?? '', values[i]);
  }
  return { ...document, id };
}

/** Compares the columns. A change that the table itself made to a published value is not a difference. */
export async function compareRow(
  table: OpenTable,
  layout: Layout,
  { differences }: TableStatements,
  { document, withdrawn, remote }: Expected,
  held: Held,
): Promise<readonly FieldChange[]> {
  if (withdrawn) return [{ pointer: '', before: 'withdrawn', after: 'there' }];
  if (remote !== undefined && remote['digest'] === held.remote?.['digest']) return [];
  try {
    const change: Change = { id: document.id, kind: 'insert', document, overwrites: false };
    const parameters = [toRows(layout, [change])];
    const { rows } = await transact(table, (client) =>
      client.query<{ difference: [number, unknown, unknown] }>(differences, parameters),
    );
    return rows.flatMap(({ difference: [i, wanted, found] }) => {
      const value = layout.columns[i]?.value;
      const isFixed = value === undefined || 'fixed' in value;
      const pointer = isFixed ? `/${layout.columns[i]?.name ?? ''}` : toPointer(value.path);
      return compareFields(wanted, found, pointer);
    });
  } catch (thrown) {
    const words = refusalOf(thrown);
    if (words === undefined) throw thrown;
    // The record cannot be in this table, so the row holds something else.
    return [{ pointer: '', before: words, after: held.document }];
  }
}

/** Ids without a row are left out. */
export async function lookUp(
  table: OpenTable,
  layout: Layout,
  { look }: TableStatements,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Held>> {
  const name = `n${String(layout.columns.indexOf(layout.id))}`;
  const ask = async (some: readonly string[]): Promise<[string, Held][]> => {
    const parameter = JSON.stringify(some.map((id, place) => ({ place, [name]: id })));
    const { rows } = await transact(table, (client) => client.query<HeldRow>(look, [parameter]));
    return rows.map((row) => [some[row.place] ?? '', toHeld(layout, some[row.place] ?? '', row)]);
  };
  try {
    return new Map(await ask(ids));
  } catch (thrown) {
    if (refusalOf(thrown) === undefined) throw thrown;
    // An id that does not fit the type of its column is in no row.
    const found: [string, Held][] = [];
    for (const id of ids) {
      found.push(...(await ask([id]).catch((each: unknown) => (refusalOf(each) === undefined ? reject(each) : []))));
    }
    return new Map(found);
  }
}

function reject(thrown: unknown): never {
  throw thrown;
}

/** Reads from one cursor, because sorting a large table for every page would take too long. */
export async function* listRows(
  { pool, place, signal }: OpenTable,
  layout: Layout,
  sql: TableStatements,
  after: string | undefined,
): AsyncIterable<readonly Held[]> {
  try {
    const client = await pool.connect();
    let isEnded = false;
    try {
      await client.query('BEGIN READ ONLY; SET LOCAL search_path TO DEFAULT');
      await client.query(`DECLARE held NO SCROLL CURSOR FOR ${sql.list}`, [after ?? null]);
      for (;;) {
        signal.throwIfAborted();
        const { rows } = await client.query<HeldRow>(`FETCH ${String(PAGE)} FROM held`);
        if (rows.length > 0) yield rows.map((row) => toHeld(layout, row.id, row));
        if (rows.length < PAGE) break;
      }
      await client.query('COMMIT');
      isEnded = true;
    } finally {
      // Not returned to the pool in the middle of a transaction.
      client.release(!isEnded);
    }
  } catch (thrown) {
    signal.throwIfAborted();
    throw toTableError(thrown, place);
  }
}
