/**
 * One publication into a table of another database. A batch is one transaction. If PostgreSQL refuses a row of it, the
 * batch is halved within the transaction until that row is alone, so that the others are written.
 */
import type { ChangesContext, ChangesSink } from '../../src/component/writer.ts';
import type { PoolClient } from '../../src/postgres/pool.ts';
import type { Change, ChangeResult } from '../../src/records/change.ts';
import { makeStatements, toRows, type TableStatements } from './make-statements.ts';
import { openTable, transact } from './open-table.ts';
import { createStatement, readLayout, relationOf, unfit, type Layout } from './read-layout.ts';
import { compareRow, listRows, lookUp } from './read-rows.ts';
import type { TableArgs } from './table-args.ts';
import { refusalOf } from './to-table-error.ts';

/** How many times a row may change between the attempt to insert it and the look-up. */
const MOST_ROUNDS = 3;

/** Throws if the table cannot be written. Creates nothing permanent: its statements are rolled back. */
export async function checkTable(args: TableArgs, signal: AbortSignal): Promise<void> {
  const table = openTable(args, signal);
  try {
    await transact(table, async (client) => {
      await client.query('SAVEPOINT try');
      const layout = await prepare(client, args);
      const { insert, update, withdraw, remove } = makeStatements(layout);
      const { on_missing: onMissing } = args;
      await client.query(insert, ['[]']);
      await client.query(update, ['[]']);
      if (onMissing === 'withdraw' && withdraw !== undefined) await client.query(withdraw, ['[]']);
      if (onMissing === 'delete') await client.query(remove, ['[]']);
      await client.query('ROLLBACK TO SAVEPOINT try');
    });
  } finally {
    await table.pool.end();
  }
}

export async function openTableSink(args: TableArgs, { signal }: ChangesContext): Promise<ChangesSink> {
  const table = openTable(args, signal);
  try {
    const layout = await transact(table, (client) => prepare(client, args));
    const sql = makeStatements(layout);
    return {
      look: (ids) => lookUp(table, layout, sql, ids),
      list: (after) => listRows(table, layout, sql, after),
      compare: (expected, held) => compareRow(table, layout, sql, expected, held),
      write: (changes) => transact(table, (client) => writeInParts({ client, layout, sql, args }, changes)),
      close: () => table.pool.end(),
    };
  } catch (thrown) {
    await table.pool.end();
    throw thrown;
  }
}

async function prepare(client: PoolClient, args: TableArgs): Promise<Layout> {
  const found = await readLayout(client, args);
  if (found !== undefined) return found;
  const statement = createStatement(args);
  if (!args.create) {
    throw unfit(relationOf(args), `does not exist. Set "create": true in the writer, or create it: ${statement}`);
  }
  await client.query(statement);
  const made = await readLayout(client, args);
  if (made === undefined) throw unfit(relationOf(args), 'does not exist although it was created');
  return made;
}

interface Writing {
  readonly client: PoolClient;
  readonly layout: Layout;
  readonly sql: TableStatements;
  readonly args: TableArgs;
}

async function writeInParts(writing: Writing, changes: readonly Change[]): Promise<readonly ChangeResult[]> {
  const { client } = writing;
  await client.query('SAVEPOINT part');
  try {
    const results = await writePart(writing, changes);
    await client.query('RELEASE SAVEPOINT part');
    return results;
  } catch (thrown) {
    const message = refusalOf(thrown);
    if (message === undefined) throw thrown;
    await client.query('ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part');
    const [first] = changes;
    if (changes.length === 1 && first !== undefined) return [refused(first, message)];
    const middle = changes.length >> 1;
    const before = await writeInParts(writing, changes.slice(0, middle));
    return [...before, ...(await writeInParts(writing, changes.slice(middle)))];
  }
}

function refused({ id }: Change, message: string): ChangeResult {
  return { id, result: 'rejected', code: 'E_TARGET_REFUSED', message };
}

interface Compared {
  readonly place: number;
  readonly digest: string;
  readonly withdrawn: boolean;
  readonly wanted: string;
  readonly published: string | null;
  readonly differs: string | null;
}

type Step = 'insert' | 'update' | 'withdraw' | 'remove';

async function writePart(writing: Writing, changes: readonly Change[]): Promise<readonly ChangeResult[]> {
  const { client, layout, sql } = writing;
  const results = new Map<string, ChangeResult>();
  let inserts = changes.filter(({ kind, found }) => kind === 'insert' && found === undefined);
  let toCompare = changes.filter((change) => !inserts.includes(change));
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    toCompare = [...toCompare, ...(await carryOut(writing, 'insert', inserts, results))];
    if (toCompare.length === 0) break;
    const { rows } = await client.query<Compared>(sql.compare, [toRows(layout, toCompare)]);
    const compared = new Map(rows.map((row) => [row.place, row]));
    const steps: Record<Step, Change[]> = { insert: [], update: [], withdraw: [], remove: [] };
    for (const [place, change] of toCompare.entries()) {
      const decision = decide(writing, change, compared.get(place));
      if (typeof decision === 'string') steps[decision].push(change);
      else results.set(change.id, decision);
    }
    for (const step of ['update', 'withdraw', 'remove'] as const) {
      for (const skipped of await carryOut(writing, step, steps[step], results)) {
        results.set(skipped.id, refused(skipped, SKIPPED));
      }
    }
    inserts = steps.insert;
    toCompare = [];
  }
  return changes.map((change) => results.get(change.id) ?? refused(change, SKIPPED));
}

const SKIPPED =
  'PostgreSQL accepted the statement but did not change the row: a trigger or a rule of the table skips it';

/** Returns the changes that had no effect. */
async function carryOut(
  { client, layout, sql }: Writing,
  step: Step,
  changes: readonly Change[],
  results: Map<string, ChangeResult>,
): Promise<readonly Change[]> {
  const statement = sql[step];
  if (changes.length === 0 || statement === undefined) return changes;
  const { rows } = await client.query<{ place: number; digest: string | null }>(statement, [toRows(layout, changes)]);
  const done = new Map(rows.map(({ place, digest }) => [place, digest]));
  return changes.filter(({ id }, place) => {
    const digest = done.get(place);
    if (digest === undefined) return true;
    results.set(id, { id, result: 'done', remote: digest === null ? { deleted: true } : { digest } });
    return false;
  });
}

function decide({ args }: Writing, change: Change, held: Compared | undefined): Step | ChangeResult {
  const { id, kind, remote, found, before, overwrites } = change;
  const isWithdrawal = kind === 'withdraw';
  if (held === undefined) return isWithdrawal ? { id, result: 'done', remote: { deleted: true } } : 'insert';
  const { digest } = held;
  const marks = args.on_missing !== 'delete';
  if (isWithdrawal ? marks && held.withdrawn : digest === held.wanted)
    return { id, result: 'done', remote: { digest } };
  // A run ended while it sent this record, so the version that the row should hold is unknown.
  const isLost = found !== undefined && before === undefined && kind !== 'insert';
  if (overwrites || isLost || digest === remote?.['digest'] || digest === held.published) {
    return isWithdrawal ? (marks ? 'withdraw' : 'remove') : 'update';
  }
  const what =
    kind === 'insert'
      ? 'The table holds a row of this id that this job did not publish'
      : 'Another client changed the row since it was published';
  const where = held.differs === null || held.differs === '' ? '' : ` It differs in ${held.differs}.`;
  return { id, result: 'conflict', message: `${what}.${where} It was left as it is.` };
}
