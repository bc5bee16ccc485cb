/** The state of a feed: the id of each published record with a hash of it, in order of id, after a line that says whose it is. */
import { createHash } from 'node:crypto';
import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ConfigError, VocabSyncError, messageOf } from '../../src/errors.ts';
import type { Document } from '../../src/records/document.ts';
import { isJsonObject } from '../../src/records/json-object.ts';
import { gzipped } from './gzipped.ts';
import { conflict, MADE_BY } from './manifest.ts';
import { changesFolder, entryName, stateName, type Output, type Store } from './store.ts';

export type Known = readonly [id: string, hash: string];

export interface FeedState {
  /** The number of the last file of changes; 0 before the first. */
  readonly sequence: number;
  /** In order of id. To be read once. */
  readonly known: AsyncIterable<Known>;
  /** True if the published records are unknown. The next file of changes then holds everything. */
  readonly isNothing: boolean;
}

interface StatePlace {
  readonly store: Store;
  readonly base: string;
  readonly job: string;
  readonly run: string;
}

const ENTRY = /^(\d{8,15})\.jsonl$/;

/** Completes the work of an attempt that ended between a file of changes and the state after it. */
export async function findState(place: StatePlace): Promise<FeedState> {
  const { store, base, job } = place;
  if ((await store.find(stateName(base))) !== undefined) {
    const sequence = await readSequence(place, stateName(base));
    if ((await store.find(entryName(base, sequence + 1))) === undefined) return stateAt(place, sequence);
    return complete(place, sequence + 1, knownOf(place));
  }
  const names = await store.list(changesFolder(base));
  const last = Math.max(0, ...names.map((name) => Number(ENTRY.exec(name)?.[1] ?? 0)));
  if (last > 0) await readSequence({ ...place, job }, entryName(base, last));
  if (last === 1) return complete(place, 1, none());
  return { sequence: last, known: none(), isNothing: true };
}

function stateAt(place: StatePlace, sequence: number): FeedState {
  return { sequence, known: knownOf(place), isNothing: false };
}

async function complete(place: StatePlace, sequence: number, known: AsyncIterable<Known>): Promise<FeedState> {
  const { store, base, job, run } = place;
  await readSequence(place, entryName(base, sequence));
  const state = await openState(store, base, { made_by: MADE_BY, job, run, sequence });
  try {
    for await (const one of applied(known, changesOf(place, sequence))) await state.add(one);
    await state.seal();
    await state.show();
  } finally {
    await state.discard();
  }
  return stateAt(place, sequence);
}

/** Merges two lists in order of id. A change without a hash removes its record. */
async function* applied(
  known: AsyncIterable<Known>,
  changes: AsyncIterable<readonly [string, string | undefined]>,
): AsyncGenerator<Known, void, undefined> {
  const left = known[Symbol.asyncIterator]();
  let before = await left.next();
  for await (const [id, hash] of changes) {
    for (; before.done !== true && compareIds(before.value[0], id) < 0; before = await left.next()) yield before.value;
    if (before.done !== true && before.value[0] === id) before = await left.next();
    if (hash !== undefined) yield [id, hash];
  }
  for (; before.done !== true; before = await left.next()) yield before.value;
}

export interface StateOutput extends Pick<Output, 'seal' | 'show' | 'discard'> {
  add(known: Known): Promise<void>;
}

const MOST_HELD = 2_000;

export async function openState(store: Store, base: string, header: object): Promise<StateOutput> {
  const output = await store.open(stateName(base));
  let held = [JSON.stringify(header)];
  const take = (): Buffer => {
    const text = held.map((line) => `${line}\n`).join('');
    held = [];
    return Buffer.from(text);
  };
  const packed = gzipped({
    encode: () => Promise.resolve(take()),
    end: () => Promise.resolve(take()),
    close: () => undefined,
  });
  return {
    async add(known) {
      held.push(JSON.stringify(known));
      if (held.length >= MOST_HELD) await output.write(await packed.encode([]));
    },
    async seal() {
      await output.write(await packed.end());
      await output.seal();
    },
    show: () => output.show(),
    async discard() {
      packed.close();
      await output.discard();
    },
  };
}

/** Throws ConfigError E_TARGET_CONFLICT if the first line is not of a file that this job wrote. */
async function readSequence({ store, job }: StatePlace, name: string): Promise<number> {
  for await (const header of valuesOf(store, name)) {
    if (!isJsonObject(header) || header['made_by'] !== MADE_BY || typeof header['sequence'] !== 'number') break;
    if (header['job'] === job) return header['sequence'];
    throw conflict(store.addressOf(name), 'its first line says that it belongs to another job');
  }
  throw conflict(store.addressOf(name), 'its first line is not one of vocab-sync');
}

async function* knownOf({ store, base }: StatePlace): AsyncGenerator<Known, void, undefined> {
  let isHeader = true;
  for await (const line of valuesOf(store, stateName(base))) {
    if (!isHeader) yield line as Known;
    isHeader = false;
  }
}

async function* changesOf(
  { store, base }: StatePlace,
  sequence: number,
): AsyncGenerator<readonly [string, string | undefined], void, undefined> {
  let isHeader = true;
  for await (const line of valuesOf(store, entryName(base, sequence))) {
    const { id, record } = line as { readonly id: string; readonly record?: Document };
    if (!isHeader) yield [id, record === undefined ? undefined : hashOf(record)];
    isHeader = false;
  }
}

async function* valuesOf(store: Store, name: string): AsyncGenerator<unknown, void, undefined> {
  const bytes = name.endsWith('.gz') ? unpacked(store.read(name)) : store.read(name);
  try {
    for await (const line of linesOf(bytes)) yield JSON.parse(line.toString('utf8'));
  } catch (error) {
    if (error instanceof VocabSyncError) throw error;
    throw new ConfigError(
      'E_TARGET_CONFLICT',
      `Expected ${store.addressOf(name)} as it was written, but it cannot be read: ${messageOf(error)}. Restore it, or delete it: the next file of changes then holds all records.`,
      { cause: error, details: { path: store.addressOf(name) } },
    );
  }
}

async function* unpacked(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const gunzip = createGunzip();
  const source = Readable.from(bytes, { objectMode: false });
  pipeline(source, gunzip, () => undefined);
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

/** Lines end with LF alone: JSON text may hold other line breaks of Unicode. */
async function* linesOf(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let held: Buffer[] = [];
  for await (const chunk of bytes) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield Buffer.concat([...held, chunk.subarray(start, end)]);
      held = [];
      start = end + 1;
    }
    if (start < chunk.length) held.push(chunk.subarray(start));
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- an iterable of the same kind as the others
async function* none(): AsyncGenerator<Known, void, undefined> {
  yield* [];
}

export function hashOf(record: Document): string {
  return createHash('sha256').update(JSON.stringify(record)).digest('base64url').slice(0, 24);
}

/** By bytes, as the records come. */
export function compareIds(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}
