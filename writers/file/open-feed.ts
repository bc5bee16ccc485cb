/**
 * The feed of a target: each file of changes holds the difference between two consecutive states of what is published,
 * computed from the list of ids and hashes that is kept with it. So it never misses or repeats a change, whatever attempt
 * or run wrote it: a file of changes is never written again once it is visible, the numbers have no gap, and an attempt
 * that ended between the file and the state is completed by the next one.
 */
import type { Document } from '../../src/records/document.ts';
import { compareIds, findState, hashOf, openState, type Known } from './feed-state.ts';
import { MADE_BY } from './manifest.ts';
import { entryName, type FilePlace, type Output } from './store.ts';

export interface Feed {
  add(documents: readonly Document[]): Promise<void>;
  /** After the last document. Nothing is visible yet. */
  seal(): Promise<void>;
  /** Makes the changes visible, then the state. Returns the number of the last file of changes. */
  show(): Promise<number>;
  discard(): Promise<void>;
}

export interface FeedTarget {
  readonly place: FilePlace;
  readonly run: string;
  readonly job: string;
}

const MOST_LINES = 1_000;

/** Throws ConfigError E_TARGET_CONFLICT if the folder of changes belongs to something else. */
export async function openFeed({ place: { store, base }, run, job }: FeedTarget): Promise<Feed> {
  const before = await findState({ store, base, job, run });
  const header = { made_by: MADE_BY, job, run, sequence: before.sequence + 1 };
  const state = await openState(store, base, header);
  const known = before.known[Symbol.asyncIterator]();
  let next = await known.next();
  let entry: Output | undefined;

  async function write(lines: readonly unknown[]): Promise<void> {
    entry ??= await openEntry();
    if (lines.length > 0) await entry.write(toLines(lines));
  }

  async function openEntry(): Promise<Output> {
    const opened = await store.open(entryName(base, header.sequence));
    await opened.write(toLines([before.isNothing ? { ...header, full: true } : header]));
    return opened;
  }

  /** Reads on to `id`. What comes before it is not published any more; returns the hash of `id` if it was known. */
  async function advance(id: string | undefined, gone: unknown[]): Promise<string | undefined> {
    while (next.done !== true) {
      const [found, hash]: Known = next.value;
      const order = id === undefined ? -1 : compareIds(found, id);
      if (order > 0) return undefined;
      next = await known.next();
      if (order === 0) return hash;
      gone.push({ change: 'withdrawn', id: found });
      if (gone.length >= MOST_LINES) await write(gone.splice(0));
    }
    return undefined;
  }

  return {
    async add(documents) {
      const lines: unknown[] = [];
      for (const record of documents) {
        const hash = hashOf(record);
        const old = await advance(record.id, lines);
        if (old !== hash) lines.push({ change: old === undefined ? 'inserted' : 'updated', id: record.id, record });
        await state.add([record.id, hash]);
      }
      if (lines.length > 0) await write(lines);
    },
    async seal() {
      const gone: unknown[] = [];
      await advance(undefined, gone);
      if (gone.length > 0 || before.isNothing) await write(gone);
      // The state was opened first: a later attempt has ended it before this one makes its changes visible.
      await state.seal();
      await entry?.seal();
    },
    async show() {
      if (entry === undefined) return before.sequence;
      await entry.show();
      await state.show();
      return header.sequence;
    },
    async discard() {
      await known.return?.(undefined);
      await entry?.discard();
      await state.discard();
    },
  };
}

function toLines(values: readonly unknown[]): Buffer {
  return Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
}
