/** Completes the notes of a task after staging: the names of successors, and their own successors. */
import type { PoolClient } from '../../postgres/pool.ts';
import { joinFewRows } from '../../postgres/publish/change-set.ts';
import {
  lookUpRecords,
  prepareNotes,
  readNotesPage,
  replaceNotes,
  type KnownRecord,
} from '../../postgres/stage/staged-notes.ts';
import { MOST_SUCCESSORS, type NamedRecord, type Notes, type Successor } from '../../records/notes.ts';
import { publishedTarget, type OpenTask } from '../open-task.ts';

/** Notes that are completed together. */
const PAGE = 1000;
/** How many links of a chain of successors are followed. ROR v2.9 has chains of two. */
const MOST_LINKS = 10;

/** Returns whether there are notes. A second call has the same result. Costs one look-up if the source has none. */
export async function settleNotes(client: PoolClient, task: OpenTask): Promise<boolean> {
  const [first] = task.targets;
  if (first === undefined || !(await prepareNotes(client, task.names))) return false;
  const target = publishedTarget(first);
  await joinFewRows(client);
  for (let after = ''; ;) {
    const page = await readNotesPage(client, task.names, after, PAGE);
    const last = page.at(-1);
    if (last === undefined) return true;
    const known = await followSuccessors(page, (ids) => lookUpRecords(client, task.names, target, ids));
    await replaceNotes(
      client,
      task.names,
      page.map(({ id, notes }) => ({ id, notes: completeNotes(id, notes, known) })),
    );
    after = last.id;
  }
}

type Known = ReadonlyMap<string, KnownRecord>;

/** Looks up the successors, then theirs, each id once: a circle of successors ends. */
async function followSuccessors(
  noted: readonly { readonly notes: Notes }[],
  lookUp: (ids: readonly string[]) => Promise<readonly KnownRecord[]>,
): Promise<Known> {
  const known = new Map<string, KnownRecord>();
  let wanted = idsOf(noted.map(({ notes }) => notes));
  for (let link = 0; link < MOST_LINKS && wanted.length > 0; link += 1) {
    const found = await lookUp(wanted);
    for (const record of found) known.set(record.id, record);
    wanted = idsOf(found.map(({ notes }) => notes)).filter((id) => !known.has(id));
  }
  return known;
}

function idsOf(notes: readonly (Notes | null)[]): readonly string[] {
  return [...new Set(notes.flatMap((one) => one?.successors ?? []).map(({ id }) => id))];
}

/** The record's own name takes precedence over the name in its predecessor. */
function completeNotes(id: string, notes: Notes, known: Known): Notes {
  const successors = notes.successors?.map((successor): Successor => {
    const now = lastOf(successor.id, new Set([id, successor.id]), known);
    const named = nameFrom(successor, known);
    return now.length === 0 ? named : { ...named, now: now.slice(0, MOST_SUCCESSORS) };
  });
  return successors === undefined ? notes : { ...notes, successors };
}

/** Returns the ends of the chains that begin after `id`. Empty if it is still in use, or if no record continues it. */
function lastOf(id: string, seen: Set<string>, known: Known): readonly NamedRecord[] {
  return (known.get(id)?.notes?.successors ?? []).flatMap((successor) => {
    if (seen.has(successor.id)) return [];
    seen.add(successor.id);
    const further = lastOf(successor.id, seen, known);
    return further.length === 0 ? [nameFrom(successor, known)] : further;
  });
}

function nameFrom({ id, name: given }: NamedRecord, known: Known): NamedRecord {
  const name = known.get(id)?.name ?? given;
  return name === undefined ? { id } : { id, name };
}
