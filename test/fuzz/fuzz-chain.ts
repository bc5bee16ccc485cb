/**
 * Damaged inputs through readers. Of each: it ends within its time; what it throws is one of our errors and no bug of
 * ours; positions rise; any cut of the bytes gives the same
 * records, failures and end; from any position exactly the rest.
 */
import { isDeepStrictEqual } from 'node:util';

import { VocabSyncError } from '../../src/errors.ts';
import { cursorOf, readChain, type ChainLink } from '../../src/pipeline/stage/read-chain.ts';
import { isFailure } from '../../src/records/entry.ts';
import { compareCursors, type Cursor } from '../../src/records/origin.ts';
import { bytesResource, testServices } from '../support/read-resource.ts';
import { createRandom, type Random } from './create-random.ts';

export interface FuzzedChain {
  readonly links: readonly { readonly reader: ChainLink['reader']; readonly args?: unknown }[];
  makeInput(random: Random): Buffer;
  /** The sizes of the chunks in which it arrives the second time, the last repeated. Default: some bytes each. */
  cutSizes?(random: Random): readonly number[];
}

export interface FuzzCounts {
  records: number;
  rejected: number;
  /** Inputs that ended in one of our errors. */
  refused: number;
}

/** An input that a reader did something with that it must not do. */
export class FuzzFailure extends Error {
  readonly input: Buffer;
  readonly seed: number;

  constructor(message: string, input: Buffer, seed: number) {
    super(`${message} (input of seed ${String(seed)}, ${String(input.length)} bytes)`);
    this.name = 'FuzzFailure';
    this.input = input;
    this.seed = seed;
  }
}

/** Of the processor; one input takes a few milliseconds. The parent of the process notices if it hangs. */
const MOST_MS = 3_000;

/** Each input has a seed of its own, `seed`, `seed + 1` and so on, so that one of them can be made again by itself. */
export async function fuzzChain(chain: FuzzedChain, count: number, seed: number): Promise<FuzzCounts> {
  const links = chain.links.map(({ reader, args = {} }) => ({ reader, args: reader.args.parse(args) }));
  const counts: FuzzCounts = { records: 0, rejected: 0, refused: 0 };
  for (let own = seed; own < seed + count; own++) {
    const random = createRandom(own);
    const input = chain.makeInput(random);
    const fail = (message: string): FuzzFailure => new FuzzFailure(message, input, own);
    const began = process.cpuUsage();
    const whole = await readInput(links, input, [input.length + 1], fail);
    const { user, system } = process.cpuUsage(began);
    const took = Math.round((user + system) / 1000);
    if (took > MOST_MS) throw fail(`it took ${String(took)} ms`);
    const cut = await readInput(
      links,
      input,
      chain.cutSizes?.(random) ?? [1 + random(60), 1 + random(9), 1 + random(400)],
      fail,
    );
    if (!isAlike(cut, whole, links.length > 1))
      throw fail(`another cut of its bytes gives ${describe(cut)}, not ${describe(whole)}`);
    await checkRest(links, input, whole, random, fail);
    for (const { isFailed } of whole.items) counts[isFailed ? 'rejected' : 'records'] += 1;
    if (whole.error !== undefined) counts.refused += 1;
  }
  return counts;
}

interface Outcome {
  readonly items: readonly { readonly cursor: Cursor; readonly isFailed: boolean; readonly text: string }[];
  /** The code of the error that it ended with. */
  readonly error: string | undefined;
}

type Links = Parameters<typeof readChain>[0]['links'];

async function readInput(
  links: Links,
  input: Buffer,
  sizes: readonly number[],
  fail: (message: string) => FuzzFailure,
  after?: Cursor,
): Promise<Outcome> {
  const items: Outcome['items'][number][] = [];
  const source = { type: 'file', resources: [bytesResource(input, sizes, 'fuzz')] };
  const signal = new AbortController().signal;
  const place = after === undefined ? {} : { after };
  try {
    const options = {
      source,
      links,
      signal,
      services: testServices(),
      since: undefined,
      warn: () => undefined,
      ...place,
    };
    for await (const batch of readChain(options)) {
      for (const item of batch.items) {
        const cursor = cursorOf(item);
        const before = items.at(-1)?.cursor;
        if (before !== undefined && compareCursors(before, cursor) >= 0)
          throw fail(`${String(cursor)} stands behind ${String(before)}`);
        const isFailed = isFailure(item);
        items.push({ cursor, isFailed, text: isFailed ? item.error.code : JSON.stringify(item.value) });
      }
    }
    return { items, error: undefined };
  } catch (error) {
    if (error instanceof FuzzFailure) throw error;
    if (!(error instanceof VocabSyncError) || error.kind === 'internal') {
      throw fail(`it crashed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
    return { items, error: error.code };
  }
}

/** Every fourth input that gave anything is read again from the middle. */
async function checkRest(
  links: Links,
  input: Buffer,
  whole: Outcome,
  random: Random,
  fail: (message: string) => FuzzFailure,
): Promise<void> {
  if (whole.items.length === 0 || random(4) > 0) return;
  const at = random(whole.items.length);
  const rest = await readInput(links, input, [997], fail, whole.items[at]?.cursor);
  const expected = { ...whole, items: whole.items.slice(at + 1) };
  if (!isAlike(rest, expected, links.length > 1))
    throw fail(`behind item ${String(at)} it gives ${describe(rest)}, not ${describe(expected)}`);
}

/**
 * Where an archive is damaged and what it holds as well, either may be noticed first, and with it how many records were
 * read until then: how far an archive is unpacked ahead depends on how its bytes arrive.
 */
function isAlike(a: Outcome, b: Outcome, isPacked: boolean): boolean {
  if (!isPacked || a.error === undefined || b.error === undefined) return isDeepStrictEqual(a, b);
  const length = Math.min(a.items.length, b.items.length);
  return isDeepStrictEqual(a.items.slice(0, length), b.items.slice(0, length));
}

function describe({ items, error }: Outcome): string {
  const texts = items.map(({ cursor, text }) => `${cursor.join('.')} ${text.slice(0, 80)}`);
  return `[${texts.slice(0, 20).join(', ')}]${error === undefined ? '' : ` and ${error}`}`;
}
