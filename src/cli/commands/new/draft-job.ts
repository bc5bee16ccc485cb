/** Drafts a job for a source from its bytes and its first records. */
import { basename } from 'node:path';
import type { Catalog } from '../../../component/catalog.ts';
import type { FetchedFile, ReadContext, SourceReader, Warning } from '../../../component/reader.ts';
import { ConfigError, InternalError, SourceError } from '../../../errors.ts';
import { describeFound, formatProblem, isError } from '../../../job/check/problem.ts';
import { parseChain } from '../../../job/effective/parse-chain.ts';
import { parseJob } from '../../../job/parse-job.ts';
import { clip } from '../../../clip.ts';
import { resolveSecrets, type ResolveSecret } from '../../../job/secrets.ts';
import { chainSource } from '../../../pipeline/stage/chain-source.ts';
import { readChain } from '../../../pipeline/stage/read-chain.ts';
import { isFailure } from '../../../records/entry.ts';
import { isJsonObject } from '../../../records/json-object.ts';
import { fileResource } from '../../../spool/file-resource.ts';
import type { CommandContext } from '../../command-context.ts';
import { composeSecrets, composeServices } from '../../servers/compose-services.ts';
import { terminalLogger } from '../../terminal-logger.ts';
import { createSurvey, vocabularyOf, type Draft } from './draft-fields.ts';
import { findChain, sourceOf, type FoundChain, type ReaderConfig } from './find-chain.ts';

export interface DraftOptions {
  readonly id: string;
  /** A path, or an http(s) or sftp address. */
  readonly from: string;
  readonly title?: string;
  readonly table?: string;
}

export interface DraftedJob {
  readonly job: object;
  readonly text: string;
  /** The types of its readers. */
  readonly readers: readonly string[];
  readonly records: number;
  /** There are more records than were read. */
  readonly isCut: boolean;
  readonly broken: number;
  /** Each target and where its value comes from. */
  readonly fields: readonly (readonly [target: string, source: string])[];
  readonly notes: readonly string[];
}

/** Enough to know the fields and to be quick. */
const MOST_RECORDS = 100_000;

/**
 * Throws ConfigError E_USAGE if no job can be made, and the errors of readers if the source cannot be read.
 */
export async function draftJob(context: CommandContext, catalog: Catalog, options: DraftOptions): Promise<DraftedJob> {
  const settings = context.settings();
  const services = composeServices(settings, terminalLogger(context.terminal, settings.logLevel === 'debug'));
  const leave = new AbortController();
  const quiet = context.terminal.onInterrupt(() => {
    leave.abort(new ConfigError('E_USAGE', 'Nothing was written.'));
  });
  try {
    const warnings = new Map<string, string>();
    const warn = ({ code, message }: Warning): void => {
      if (warnings.size < MOST_WARNINGS && !warnings.has(code)) warnings.set(code, message);
    };
    const reading: ReadContext = { from: 0, since: undefined, signal: leave.signal, services, warn };
    const source = sourceOf(options.from, context.cwd, settings.variable);
    // Before anything is fetched: the id and the table may be wrong.
    await check(draftOf(options, [source, { type: 'json' }]), catalog);
    const resolveSecret = composeSecrets(settings.variable);
    const files = await fetch(source, catalog, reading, resolveSecret);
    const [file] = files;
    if (file === undefined) throw new SourceError('E_SOURCE_NOT_FOUND', `There is nothing at ${options.from}.`);
    const count = (chain: FoundChain): Promise<Counted> =>
      readRecords([source, ...chain.readers], files, options, { catalog, resolveSecret }, reading);
    let found = await findChain(fileResource(file), catalog, reading);
    let counted = await count(found);
    if (counted.records === 0 && counted.broken === 0 && found.readers.at(-1)?.type === 'xlsx') {
      // The first sheet is a cover.
      warnings.delete('W_XLSX_SHEETS');
      found = withAllSheets(found);
      counted = await count(found);
    }
    if (counted.records <= counted.broken || counted.draft.filled.length === 0)
      throw nothingRead(options.from, found, counted);
    const notes = [...found.notes, ...warnings.values()];
    return await compose(options, source, { ...found, notes }, counted, catalog);
  } finally {
    quiet();
  }
}

/** Of different codes. */
const MOST_WARNINGS = 5;

function withAllSheets({ readers, notes }: FoundChain): FoundChain {
  const note =
    'The first sheet has no rows, so all sheets are read. The field "sheet" has the name of the sheet. To read one of them, name it in "sheet" of the reader.';
  const xlsx = { type: 'xlsx', args: { sheet: '*', sheet_field: 'sheet' } };
  return { readers: [...readers.slice(0, -1), xlsx], notes: [...notes, note] };
}

async function fetch(
  source: ReaderConfig,
  catalog: Catalog,
  reading: ReadContext,
  resolveSecret: ResolveSecret,
): Promise<readonly FetchedFile[]> {
  const reader = (await catalog.readers.load(source.type)) as SourceReader;
  const parsed = reader.args.safeParse(resolveSecrets(source.args ?? {}, resolveSecret));
  if (!parsed.success)
    throw new ConfigError('E_USAGE', `--from cannot be used: ${parsed.error.issues[0]?.message ?? ''}`);
  const context = { ...reading, onProgress: () => undefined };
  const located = await reader.locate(parsed.data, context);
  return 'nothingNew' in located ? [] : reader.fetch(located, parsed.data, context);
}

interface Counted {
  readonly records: number;
  readonly isCut: boolean;
  readonly broken: number;
  readonly firstFault: string | undefined;
  /** What the first record is that is no object. */
  readonly firstOther: string | undefined;
  readonly draft: Draft;
}

async function readRecords(
  readers: readonly ReaderConfig[],
  files: readonly FetchedFile[],
  options: DraftOptions,
  { catalog, resolveSecret }: { readonly catalog: Catalog; readonly resolveSecret: ResolveSecret },
  { signal, services, since, warn }: ReadContext,
): Promise<Counted> {
  const { job } = await check(draftOf(options, readers), catalog);
  const [task] = job.tasks;
  if (task === undefined) throw new InternalError('E_INTERNAL', 'The job has no task.');
  const chain = await parseChain(task, catalog, resolveSecret);
  const survey = createSurvey();
  let broken = 0;
  let firstFault: string | undefined;
  let firstOther: string | undefined;
  const source = chainSource(chain.source, files);
  for await (const { items } of readChain({ source, links: chain.links, signal, services, since, warn })) {
    for (const item of items) {
      if (!isFailure(item)) {
        if (!isJsonObject(item.value)) firstOther ??= clip(describeFound(item.value), LONGEST_OTHER);
        survey.add(item.value);
      } else {
        broken += 1;
        firstFault ??= item.error.message;
      }
    }
    if (survey.records >= MOST_RECORDS)
      return { records: survey.records, isCut: true, broken, firstFault, firstOther, draft: survey.draft() };
  }
  return { records: survey.records, isCut: false, broken, firstFault, firstOther, draft: survey.draft() };
}

async function compose(
  options: DraftOptions,
  source: ReaderConfig,
  { readers, paging, notes }: FoundChain,
  { records, isCut, broken, firstFault, draft }: Counted,
  catalog: Catalog,
): Promise<DraftedJob> {
  const { from } = options;
  const isPaged = paging !== undefined && source.type === 'http';
  const chain = isPaged
    ? [{ type: 'http-api', args: { origin: from, ...paging, id: idPointer(draft) } }]
    : [source, ...readers];
  const { writers, ...draftedJob } = draftOf(options, chain);
  const vocabulary = isPaged ? undefined : vocabularyOf(from, draft);
  const job = {
    ...draftedJob,
    ...(vocabulary === undefined
      ? { transformers: [{ type: 'map', args: { fields: draft.fields } }] }
      : { vocabulary }),
    writers,
    guards: {
      ...(isPaged ? {} : { min_records: Math.floor(records * 0.9) }),
      max_shrink_percent: 10,
      max_rejected_percent: Math.min(100, Math.ceil((100 * broken) / (records + broken)) + 1),
      min_fill_percent: Object.fromEntries(draft.filled.filter((name) => name !== 'id').map((name) => [name, 95])),
    },
  };
  await check(job, catalog);
  return {
    job,
    text: `${layOut(job)}\n`,
    readers: chain.map(({ type }) => type),
    ...{ records, isCut, broken },
    fields: Object.entries(draft.fields).map(([target, rule]) => [target, describeRule(rule)]),
    notes: [
      ...(isPaged ? [] : notes),
      ...draft.notes,
      ...(vocabulary === undefined
        ? []
        : [
            `The records look as InvenioRDM keeps its ${vocabulary}, so they are published as they are, without "map".`,
          ]),
      ...(firstFault === undefined ? [] : [`The first broken record: ${firstFault}`]),
      ...(isPaged
        ? [
            'The address returns one page of several. Check "paging" and "total" against the documentation of the service.',
          ]
        : []),
      ...(source.type === 'file'
        ? [
            `Workers read ${String(source.args?.['path'])} on their own machine. If they run elsewhere, give an address.`,
          ]
        : []),
    ],
  };
}

function draftOf(
  { id, from, title = `Records of ${basename(from) || from}`, table = id.replaceAll('-', '_') }: DraftOptions,
  readers: readonly ReaderConfig[],
) {
  return { id, title, readers, writers: [{ type: 'postgres', args: { table } }] };
}

function idPointer({ fields }: Draft): string {
  return (fields['/id'] as { readonly from: string }).from;
}

function describeRule(rule: object): string {
  const { from, convert, required } = rule as {
    from: string;
    convert?: readonly { type: string }[];
    required?: boolean;
  };
  const how = [
    ...(convert ?? []).map(({ type }) => `as ${type}`),
    ...(required === false ? ['not in every record'] : []),
  ];
  return how.length === 0 ? from : `${from} (${how.join(', ')})`;
}

/** Throws ConfigError E_USAGE for an id, a table or an address that a job cannot have. */
async function check(config: object, catalog: Catalog) {
  const { job, problems } = await parseJob(JSON.stringify(config, null, 2), { catalog });
  if (job !== undefined) return { job };
  const faults = problems.filter(isError).map(formatProblem);
  throw new ConfigError('E_USAGE', `No job can be made with these options:\n  ${faults.join('\n  ')}`, {
    details: { problems: faults },
  });
}

const LONGEST_OTHER = 200;

function nothingRead(from: string, { readers }: FoundChain, counted: Counted): ConfigError {
  const chain = readers.map(({ type }) => type).join(' > ');
  const why = whyNothing(readers.at(-1)?.type, counted);
  return new ConfigError(
    'E_USAGE',
    `Expected records in ${from}, read with ${chain}, but ${why}${why.endsWith('.') ? '' : '.'} Nothing was written.`,
  );
}

function whyNothing(parser: string | undefined, { records, broken, firstFault, firstOther }: Counted): string {
  if (broken > 0) return `${String(broken)} of ${String(records + broken)} are broken. The first: ${firstFault ?? ''}`;
  if (firstOther !== undefined)
    return `its records are not objects: the first is ${firstOther}. A record needs fields with names, one of them an id`;
  if (records > 0) return 'its records have no fields';
  return parser === 'csv'
    ? 'it holds no records: its first line, which names the columns, is followed by nothing'
    : 'it holds no records';
}

const WIDTH = 110;

/** Formats JSON so that a value that fits on one line is on one line. */
function layOut(value: unknown, indent = ''): string {
  const line = spaced(value);
  if (indent.length + line.length <= WIDTH || typeof value !== 'object' || value === null) return line;
  const inner = `${indent}  `;
  if (Array.isArray(value)) return `[\n${value.map((item) => inner + layOut(item, inner)).join(',\n')}\n${indent}]`;
  const members = Object.entries(value).map(([key, item]) => `${inner}${JSON.stringify(key)}: ${layOut(item, inner)}`);
  return `{\n${members.join(',\n')}\n${indent}}`;
}

function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${spaced(item)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}
