/**
 * Handles a document that its parser cannot read, or not to its end. If the source has several documents, this one is
 * rejected and the others are read. A rejection without an id postpones withdrawals, so no record of the document
 * counts as removed. If it is the only document, the error ends the run, because nothing else is left to read.
 */
import type { ParserReader } from '../../component/reader.ts';
import type { Resource } from '../../component/resource.ts';
import { RecordError, SourceError } from '../../errors.ts';
import type { ReadFailure } from '../../records/entry.ts';
import { contextOf, parserContext, type ChainLink, type Level, type ReadChainOptions } from './chain-level.ts';
import type { ReadBatch } from './read-batch.ts';

export interface BrokenDocument {
  readonly resource: Resource;
  readonly link: ChainLink;
  readonly level: Level;
  /** The error of the resource's stream, which is not a fault of the document. */
  readonly streamError: unknown;
  /** The position after the last yielded item; undefined if no item was yielded. */
  readonly reached: number | undefined;
}

export type ReadChain = (options: ReadChainOptions) => AsyncIterable<ReadBatch>;

/** Undefined if the error ends the run. `[]` if the rejection is before the cursor and was already yielded. */
export async function rejectDocument(
  options: ReadChainOptions,
  thrown: unknown,
  broken: BrokenDocument,
  readChain: ReadChain,
): Promise<readonly ReadFailure[] | undefined> {
  if (!(thrown instanceof SourceError) || broken.link.reader.accepts !== 'bytes') return undefined;
  if (broken.streamError !== undefined && !isInnerGzip(thrown, broken.level)) return undefined;
  const isInSlice = options.slice !== undefined || (options.after !== undefined && !broken.level.isOnPath);
  if (!isInSlice && !(await holdsSeveral(options, readChain))) return undefined;
  const from = parserContext(options, broken.level, broken.link).from;
  const position = broken.reached ?? (from === 0 ? 0 : await countItems(options, broken));
  if (position < from) return [];
  const { name } = broken.resource;
  const before =
    position === 0 ? 'Nothing of it was read' : `The ${String(position)} records before the fault were read`;
  const message = `${thrown.message} ${before}. The other documents of the source are read.`;
  const details = { resource: name, position, code: thrown.code, ...thrown.details };
  return [{ position, error: new RecordError('E_DOCUMENT_UNREADABLE', message, { details, cause: thrown }) }];
}

/** A packed document of an archive: its gzip is a part of the document. */
function isInnerGzip({ code, details }: SourceError, { steps }: Level): boolean {
  const around = steps.at(-2);
  return (
    code === 'E_GZIP_CORRUPT' &&
    steps.at(-1)?.reader === 'gzip' &&
    around !== undefined &&
    details['resource'] === around.name
  );
}

/** Counted once for each read, because an archive may hold a million broken documents. */
function holdsSeveral(options: ReadChainOptions, readChain: ReadChain): Promise<boolean> {
  const known = COUNTED.get(options);
  if (known !== undefined) return known;
  const counting = countTwo(options, readChain);
  COUNTED.set(options, counting);
  return counting;
}

const COUNTED = new WeakMap<ReadChainOptions, Promise<boolean>>();

async function countTwo(options: ReadChainOptions, readChain: ReadChain): Promise<boolean> {
  const { source, signal, services, since, links } = options;
  const counter = { reader: documentCounter, args: {} };
  const chain = { source, signal, services, since, links: [...links.slice(0, -1), counter], warn: () => undefined };
  let count = 0;
  try {
    for await (const { items } of readChain(chain)) {
      count += items.length;
      if (count > 1) return true;
    }
  } catch (error) {
    // A fault of the archive is found when it is read; until then the document is the only one.
    signal.throwIfAborted();
    if (!(error instanceof SourceError)) throw error;
  }
  return false;
}

/** Sees each document as one item and looks into none. */
const documentCounter = {
  type: 'count',
  accepts: 'bytes',
  emits: 'records',
  // eslint-disable-next-line @typescript-eslint/require-await -- a reader is asynchronous by contract
  async *read() {
    yield [{ position: 0, value: null }];
  },
} as unknown as ParserReader;

/** After a resume the number of items before the fault is unknown, so the document is read once more. */
async function countItems(options: ReadChainOptions, { resource, link, level }: BrokenDocument): Promise<number> {
  const reader = link.reader as ParserReader;
  const context = { ...contextOf(options, { ...level, isOnPath: false }), warn: () => undefined };
  let count = 0;
  try {
    for await (const items of reader.read(resource, link.args, context)) {
      count = (items.at(-1)?.position ?? count - 1) + 1;
    }
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
  }
  return count;
}

/** The resource, and what its stream threw. */
export function watchStream(resource: Resource): { readonly resource: Resource; readonly error: () => unknown } {
  let error: unknown;
  async function* stream(): AsyncGenerator<Buffer, void, undefined> {
    try {
      yield* resource.stream();
    } catch (thrown) {
      error = thrown;
      throw thrown;
    }
  }
  return { resource: { ...resource, stream }, error: () => error };
}
