/** Reads the source of a task and runs every entry through its transformers, in source order, with bounded memory. */
import type { Catalog } from '../../../component/catalog.ts';
import type { FetchedFile, Since, Warning } from '../../../component/reader.ts';
import type { Services } from '../../../component/services.ts';
import { Skip, type Transform } from '../../../component/transformer.ts';
import { ConfigError, StateError } from '../../../errors.ts';
import type { Job, Task } from '../../../job/schema/job.ts';
import { parseChain, type ParsedChain } from '../../../job/effective/parse-chain.ts';
import { findRecordSchema } from '../../../job/schema/find-record-schema.ts';
import type { RecordCheck } from '../../../job/schema/record-schema.ts';
import { parseSince } from '../../../job/effective/since.ts';
import { chainSource } from '../../../pipeline/stage/chain-source.ts';
import { createTransforms, fetchLookups, locateLookups, withLookups } from '../../../pipeline/fetch/lookups.ts';
import { readChain } from '../../../pipeline/stage/read-chain.ts';
import { transformItem, type ItemTransform } from '../../../pipeline/stage/transform-items.ts';
import { isFailure, type ReadItem } from '../../../records/entry.ts';
import { formatOrigin, type Origin } from '../../../records/origin.ts';
import { createTally, warnOfUnselected, watchSelectors, type Tally } from '../../../records/tally.ts';
import type { CommandContext } from '../../command-context.ts';
import { composeSecrets, composeServices } from '../../servers/compose-services.ts';
import { createPreviewOutput, type OutputFormat, type PreviewCounts, type PreviewOutput } from './preview-output.ts';
import type { TraceStep } from './preview-format.ts';
import { terminalLogger } from '../../terminal-logger.ts';

export interface ReadTaskOptions {
  readonly since: unknown;
  readonly limit?: number;
  readonly task?: string;
  /** Whether to report the value after each transformer. */
  readonly traces?: boolean;
  /** Used in place of the output of the readers. The source is not read. */
  readonly records?: readonly unknown[];
  /** Used in place of those that send requests or write into the spool. */
  readonly services?: Partial<Services>;
  /** False: secrets are not resolved, because what needs them is not used. Default: true. */
  readonly areSecretsKnown?: boolean;
}

export interface PreviewTaskOptions extends Omit<
  ReadTaskOptions,
  'traces' | 'records' | 'services' | 'areSecretsKnown'
> {
  readonly format: OutputFormat;
}

/**
 * Throws what readers throw when the source itself is unusable. A record that is rejected is an entry like any other.
 */
export async function previewTask(
  context: CommandContext,
  catalog: Catalog,
  job: Job,
  options: PreviewTaskOptions,
): Promise<PreviewCounts> {
  const output = createPreviewOutput(context.terminal, options.format);
  try {
    await readTask(context, catalog, job, { ...options, traces: options.format === 'trace' }, output);
  } catch (error) {
    // A source that breaks later: what was read before is shown, and then the error.
    await output.end(true);
    throw error;
  }
  return output.end();
}

/** Takes every entry of a task through its transformers and hands it to `output`, which is not ended. */
export async function readTask(
  context: CommandContext,
  catalog: Catalog,
  job: Job,
  options: ReadTaskOptions,
  output: Pick<PreviewOutput, 'take' | 'warn'>,
): Promise<void> {
  const { terminal } = context;
  const settings = context.settings();
  const composed = composeServices(settings, terminalLogger(terminal, settings.logLevel === 'debug'));
  const services = { ...composed, ...options.services };
  const task = findTask(job, options.task);
  const chain =
    options.areSecretsKnown === false
      ? await parseChain({ ...task, writers: [] }, catalog, () => PLACEHOLDER)
      : await parseChain(task, catalog, composeSecrets(settings.variable, services.logger));
  const leave = new AbortController();
  const quiet = terminal.onInterrupt(() => {
    leave.abort(new StateError('E_RUN_STATE', 'The preview was stopped.'));
  });
  const tally = createTally();
  try {
    const reading: Reading = { services, signal: leave.signal, since: sinceOf(options.since), warn: output.warn };
    const files = options.records === undefined ? await fetchFiles(chain, reading) : [];
    const items = await itemsOf(task, chain, files, services, tally);
    // Parsing may block the event loop, which then hears no signal. Without a listener Ctrl-C ends the process at once,
    // and from here on nothing is written that would have to be cleaned up but copies in the spool, which `prune` removes.
    quiet();
    const take = (item: ReadItem, origin: () => string): Promise<void> | undefined => {
      tally.read += 1;
      return output.take(takeThrough(task, items, item, origin, reading, options));
    };
    if (options.records === undefined) await readEntries(chain, files, reading, take, options.limit);
    else
      for (const [position, value] of options.records.entries())
        await take({ position, value }, () => `records:${String(position)}`);
  } finally {
    quiet();
  }
  warnOfUnselected(tally, (text) => text);
  const message = tally.warnings['W_SELECTED_NOTHING'];
  for (const sample of message?.samples ?? []) output.warn({ code: 'W_SELECTED_NOTHING', message: sample });
}

/** A placeholder that is valid where a text is. No request is sent with it. */
const PLACEHOLDER = 'a secret that is not resolved';

interface Reading {
  readonly services: Services;
  readonly signal: AbortSignal;
  readonly since: Since | undefined;
  readonly warn: (warning: Warning) => void;
}

/** Returns the first task if no name is given. Throws ConfigError E_JOB_INVALID for an unknown name. */
export function findTask(job: Job, name: string | undefined): Task {
  const task = name === undefined ? job.tasks[0] : job.tasks.find((candidate) => candidate.name === name);
  if (task !== undefined) return task;
  const names = job.tasks.map((candidate) => candidate.name).join(', ');
  throw new ConfigError('E_JOB_INVALID', `The job ${job.id} has no task "${name ?? ''}"; it has ${names}.`);
}

function sinceOf(written: unknown): Since | undefined {
  if (written === undefined) return undefined;
  const since = parseSince(written, new Date());
  return since === 'none' ? undefined : { time: since.time, origin: 'manual' };
}

async function fetchFiles({ source, transformers }: ParsedChain, reading: Reading): Promise<readonly FetchedFile[]> {
  const { reader, args } = source;
  const context = { ...reading, onProgress: () => undefined };
  const located = await reader.locate(args, context);
  if ('nothingNew' in located) {
    reading.warn({ code: 'W_NOTHING_NEW', message: located.nothingNew });
    return [];
  }
  const lookups = await locateLookups(transformers, context, { mayLack: true });
  const version = withLookups(located, lookups);
  const fetched = await reader.fetch(version, args, context);
  return [...fetched, ...(await fetchLookups(transformers, version, context))];
}

async function itemsOf(
  task: Task,
  chain: ParsedChain,
  files: readonly FetchedFile[],
  { logger }: Services,
  tally: Tally,
): Promise<ItemTransform> {
  return {
    transforms: createTransforms(chain, { logger, files, watch: watchSelectors(tally) }),
    check: await recordCheckOf(task),
  };
}

/** The schema compiler is imported only if there is a schema. */
async function recordCheckOf({ vocabulary }: Task): Promise<RecordCheck | undefined> {
  if (vocabulary === undefined || findRecordSchema(vocabulary) === undefined) return undefined;
  const { loadRecordSchema } = await import('../../../job/schema/record-schema.ts');
  return loadRecordSchema(vocabulary);
}

async function readEntries(
  chain: ParsedChain,
  files: readonly FetchedFile[],
  { services, signal, since, warn }: Reading,
  take: (item: ReadItem, origin: () => string) => Promise<void> | undefined,
  limit = Infinity,
): Promise<void> {
  const source = chainSource(chain.source, files);
  let taken = 0;
  let container: Origin | undefined;
  let before = '';
  for await (const batch of readChain({ source, links: chain.links, signal, services, since, warn })) {
    for (const item of batch.items) {
      // As formatOrigin has it, but once for all records of a resource, of which there may be millions.
      if (item.container !== container) {
        container = item.container;
        before = `${formatOrigin(container)} > ${batch.reader}:`;
      }
      const written = take(item, () => `${before}${String(item.position)}`);
      if (written !== undefined) await written;
      taken += 1;
      if (taken >= limit) return;
    }
  }
}

function takeThrough(
  task: Task,
  items: ItemTransform,
  item: ReadItem,
  origin: () => string,
  { warn }: Reading,
  { traces = false }: ReadTaskOptions,
): { origin: string; result: ReturnType<typeof transformItem>; steps: readonly TraceStep[] } {
  const steps: TraceStep[] = [];
  const traced = traces
    ? {
        ...items,
        transforms: items.transforms.map((transform, index) =>
          tracing(transform, task.transformers[index]?.type ?? '', steps),
        ),
      }
    : items;
  if (traces) steps.push({ name: 'read', value: isFailure(item) ? (item.raw ?? null) : structuredClone(item.value) });
  const warnAt = (warning: Warning): void => {
    warn({ ...warning, message: `${warning.message} (${origin()})` });
  };
  return { origin: origin(), result: transformItem(item, traced, origin, warnAt), steps };
}

/** Copies, since the next transformer may work on the same object. */
function tracing(transform: Transform, name: string, steps: TraceStep[]): Transform {
  return (value, context) => {
    const made = transform(value, context);
    if (!(made instanceof Skip)) steps.push({ name, value: structuredClone(made) });
    return made;
  };
}
