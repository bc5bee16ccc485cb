/** Damaged records through a transformer: a record that fits its schema, a rejection or a filtered entry, never a crash. */
import fc from 'fast-check';
import { Skip, type Transformer } from '../../src/component/transformer.ts';
import { RecordError } from '../../src/errors.ts';
import { loadRecordSchema } from '../../src/job/schema/record-schema.ts';
import { silentLogger } from './silent-logger.ts';

export interface FuzzedMapping {
  readonly transformer: Transformer;
  readonly args?: unknown;
  /** Sound records, of which places are replaced. */
  readonly sound: readonly unknown[];
  /** The record schema that what comes out must fit. */
  readonly schema: string;
}

export interface FuzzCounts {
  records: number;
  rejected: number;
  filtered: number;
}

type Path = readonly string[];

/** Throws at the first record that does anything else; the message holds the seed and the record. */
export function fuzzRecords(mappings: readonly FuzzedMapping[], count: number, seed: number): FuzzCounts {
  const counts: FuzzCounts = { records: 0, rejected: 0, filtered: 0 };
  for (const [i, mapping] of mappings.entries()) {
    const share = Math.floor((count * (i + 1)) / mappings.length) - Math.floor((count * i) / mappings.length);
    const take = takerOf(mapping, counts);
    const damaged = fc.constantFrom(...mapping.sound).chain((record) => damage(record));
    fc.assert(fc.property(damaged, take), { numRuns: share, seed: seed + i, endOnFailure: true });
  }
  return counts;
}

function takerOf({ transformer, args = {}, schema }: FuzzedMapping, counts: FuzzCounts): (record: unknown) => void {
  const transform = transformer.create(transformer.args.parse(args), { logger: silentLogger() });
  const check = loadRecordSchema(schema);
  return (record) => {
    try {
      const made = transform(record, { origin: () => 'fuzz:0', warn: () => undefined });
      if (made instanceof Skip) {
        counts.filtered += 1;
        return;
      }
      const problem = check?.(made);
      if (problem !== undefined && !isForCheck(made)) throw new Error(`${problem} ${JSON.stringify(made)}`);
      counts.records += 1;
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      counts.rejected += 1;
    }
  };
}

/** An id of more than 255 characters is refused by the engine, whatever the mapping. */
function isForCheck(made: unknown): boolean {
  return typeof made === 'object' && made !== null && 'id' in made && String(made.id).length > 255;
}

/** One to three places of a record, each replaced by any JSON value, one of its likes, or left out. */
function damage(record: unknown): fc.Arbitrary<unknown> {
  const places = placesOf(record);
  if (places.length === 0) return fc.jsonValue();
  const change = fc.tuple(fc.constantFrom(...places), fc.oneof(fc.jsonValue(), fc.constantFrom(...LIKES)));
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    const damaged = structuredClone(record);
    for (const [place, value] of changes) setAt(damaged, place, structuredClone(value));
    return JSON.parse(JSON.stringify(damaged)) as unknown;
  });
}

/** Values that come close to what a mapping expects. */
const LIKES: readonly unknown[] = [
  undefined,
  null,
  '',
  ' ',
  '2024-02-30',
  '2024-02-29T10:00:00Z',
  'https://example.org/a b',
  'https://example.org/',
  '20|openorgs____::1',
  'snsf________::1',
  'x'.repeat(300),
  '\ud800',
  [],
  [null],
  {},
  { '#text': 'text', '@lang': 'de' },
  [{ '#text': 'text', '@lang': 'de' }, 'text'],
  0,
  true,
];

function placesOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[...at, key], ...placesOf(inner, [...at, key])]);
}

/** A place inside what an earlier change replaced is gone. */
function setAt(target: unknown, [key, ...rest]: Path, value: unknown): void {
  if (key === undefined || typeof target !== 'object' || target === null) return;
  if (rest.length > 0) {
    setAt((target as Record<string, unknown>)[key], rest, value);
  } else if (value === undefined && !Array.isArray(target)) {
    Reflect.deleteProperty(target, key);
  } else {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  }
}
