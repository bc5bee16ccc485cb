/**
 * Cuts a fetched source into partitions that several activities read at once: between its files, and inside the files
 * that the first container of the chain can split. The parts follow each other in source order and hold everything once.
 */
import type { SplitContext } from '../../component/reader.ts';
import type { Resource } from '../../component/resource.ts';
import type { Cursor } from '../../records/origin.ts';
import type { FetchedFile, SourcePart, TaskSource } from '../../records/source.ts';
import { fileResource } from '../../spool/file-resource.ts';
import type { Cutting, Engine } from '../engine.ts';
import type { OpenTask } from '../open-task.ts';
import type { StepContext } from '../run-steps.ts';

/**
 * Eight partitions are twice as many as one run stages at once, so a worker that joins or fails is balanced. Partitions
 * have at least 8 MiB: compressed records of that size are read in some seconds. Measured: 200,000 records in a tar of
 * 73 MB took the same CPU time in one partition as in eight, 3.2 to 4.0 s. One process gains nothing from partitions;
 * several processes do.
 */
const DEFAULT_CUTTING: Cutting = { mostParts: 8, leastBytes: 8 * 1024 ** 2 };

/** Undefined where the source stays whole. Throws what the container throws for an archive that it cannot read. */
export async function planParts(
  engine: Engine,
  task: Pick<OpenTask, 'source' | 'links'>,
  files: readonly FetchedFile[],
  { signal }: StepContext,
): Promise<readonly SourcePart[] | undefined> {
  const { mostParts, leastBytes } = engine.cutting ?? DEFAULT_CUTTING;
  const { reader } = task.source;
  // Only the reader of a download bundle knows the positions of its resources.
  if (reader.emits === 'bytes' && reader.open !== undefined) return undefined;
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const parts = Math.min(mostParts, Math.floor(total / leastBytes));
  if (parts < 2) return undefined;
  const marks = await markFiles(files, total / parts, splitterOf(task, { signal, services: engine.services }));
  return marks.length < 2 ? undefined : marks.map((mark, index) => toPart(mark, marks[index + 1], total));
}

/** By the number of the partition; undefined is everything. */
export function partsToStage(source: TaskSource | null): readonly (SourcePart | undefined)[] {
  return source?.parts ?? [undefined];
}

/** Where a part begins. */
interface Mark {
  readonly from: Cursor;
  readonly start: number;
}

type Split = (file: Resource, parts: number) => Promise<readonly number[]>;

async function markFiles(
  files: readonly FetchedFile[],
  quota: number,
  split: Split | undefined,
): Promise<readonly Mark[]> {
  const marks: Mark[] = [];
  let start = 0;
  for (const [position, file] of files.entries()) {
    const begun = marks.at(-1);
    const isFull = begun === undefined || start + file.bytes - begun.start > quota;
    const parts = split === undefined ? 1 : Math.round(file.bytes / quota);
    const cuts = split === undefined || parts < 2 ? [0] : await split(fileResource(file), parts);
    for (const [index, cut] of cuts.entries()) {
      if (index === 0 && !isFull) continue;
      const from = index === 0 ? [position] : [position, cut];
      marks.push({ from, start: start + (file.bytes * index) / cuts.length });
    }
    start += file.bytes;
  }
  return marks;
}

function splitterOf({ links }: Pick<OpenTask, 'links'>, context: Omit<SplitContext, 'parts'>): Split | undefined {
  const [first] = links;
  if (first?.reader.emits !== 'bytes') return undefined;
  const { reader, args } = first;
  const split = reader.split?.bind(reader);
  return split === undefined ? undefined : (file, parts) => split(file, args, { ...context, parts });
}

function toPart({ from, start }: Mark, next: Mark | undefined, total: number): SourcePart {
  const begin = Math.round(start);
  return { from, until: next?.from ?? null, start: begin, bytes: Math.round(next?.start ?? total) - begin };
}
