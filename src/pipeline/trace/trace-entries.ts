/**
 * Finds a record in a fetched source, processes it with the chain again, and keeps the result of each transformer. The
 * source is read twice, once to find the entries and once to copy their steps, so that memory is bounded.
 */
import type { Since } from '../../component/reader.ts';
import type { Services } from '../../component/services.ts';
import { Skip, type Transform } from '../../component/transformer.ts';
import type { ParsedChain } from '../../job/effective/parse-chain.ts';
import { isFailure } from '../../records/entry.ts';
import { formatOrigin } from '../../records/origin.ts';
import type { FetchedFile } from '../../records/source.ts';
import { chainSource } from '../stage/chain-source.ts';
import { createTransforms } from '../fetch/lookups.ts';
import { cursorOf, originOf, readChain, type PlacedItem, type ReadBatch } from '../stage/read-chain.ts';
import { transformItem, type ItemResult, type ItemTransform, type RecordCheck } from '../stage/transform-items.ts';

export interface TraceSource {
  readonly chain: ParsedChain;
  readonly check: RecordCheck | undefined;
  readonly files: readonly FetchedFile[];
  readonly since: Since | undefined;
  readonly services: Services;
  readonly signal: AbortSignal;
}

/** The value that was read, then what each transformer made of it. */
interface TracedStep {
  readonly name: string;
  readonly value: unknown;
}

export interface TracedEntry {
  readonly origin: string;
  readonly steps: readonly TracedStep[];
  readonly result: ItemResult;
}

/** One id is rarely found more than twice; this bounds what is kept whatever is asked. */
const MOST_ENTRIES = 20;

/**
 * In source order. `id` is the id of the published record or of the source record, the part of either after the last
 * slash, or an origin.
 */
export async function traceEntries(source: TraceSource, id: string): Promise<readonly TracedEntry[]> {
  const found = await findEntries(source, id);
  const entries: TracedEntry[] = [];
  if (found.size === 0) return entries;
  for await (const batch of read(source)) {
    for (const item of batch.items) {
      if (!found.has(cursorOf(item).join())) continue;
      entries.push(traceEntry(source, batch, item));
      if (entries.length === found.size) return entries;
    }
  }
  return entries;
}

async function findEntries(source: TraceSource, id: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const items = itemsOf(source, (transform) => transform);
  for await (const batch of read(source)) {
    for (const item of batch.items) {
      if (!isMeant(items, batch, item, id)) continue;
      found.add(cursorOf(item).join());
      if (found.size === MOST_ENTRIES) return found;
    }
  }
  return found;
}

function read({ chain, files, since, services, signal }: TraceSource): AsyncIterable<ReadBatch> {
  return readChain({
    source: chainSource(chain.source, files),
    links: chain.links,
    signal,
    services,
    since,
    warn: () => undefined,
  });
}

function isMeant(items: ItemTransform, batch: ReadBatch, item: PlacedItem, id: string): boolean {
  const origin = (): string => formatOrigin(originOf(batch, item));
  if (id.includes(':') && origin() === id) return true;
  if (isFailure(item)) return item.raw?.includes(id) ?? false;
  if (namesOf(item.value).some((name) => isSame(name, id))) return true;
  const found = idOf(transformItem(item, items, origin, () => undefined));
  return found !== undefined && isSame(found, id);
}

/** The id that a record is published under, was rejected under, or is withdrawn under because the source deleted it. */
export function idOf(result: ItemResult): string | undefined {
  if (result.kind === 'staged') return result.document.id;
  return result.kind === 'filtered' ? result.deletes : result.rejection.recordId;
}

function namesOf(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).filter((field) => typeof field === 'string');
}

function isSame(name: string, id: string): boolean {
  return name === id || name.endsWith(`/${id}`);
}

type Wrap = (transform: Transform, name: string) => Transform;

function itemsOf({ chain, files, check, services: { logger } }: TraceSource, wrap: Wrap): ItemTransform {
  const transforms = createTransforms(chain, { logger, files });
  return { transforms: transforms.map((made, i) => wrap(made, chain.transformers[i]?.transformer.type ?? '')), check };
}

/** Copies, since the next transformer may work on the same object. */
function traceEntry(source: TraceSource, batch: ReadBatch, item: PlacedItem): TracedEntry {
  const origin = formatOrigin(originOf(batch, item));
  const steps: TracedStep[] = [
    { name: 'read', value: isFailure(item) ? (item.raw ?? null) : structuredClone(item.value) },
  ];
  const keep =
    (transform: Transform, name: string): Transform =>
    (value, context) => {
      const made = transform(value, context);
      if (!(made instanceof Skip)) steps.push({ name, value: structuredClone(made) });
      return made;
    };
  const result = transformItem(
    item,
    itemsOf(source, keep),
    () => origin,
    () => undefined,
  );
  return { origin, steps, result };
}
