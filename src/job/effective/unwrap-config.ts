/**
 * Converts the forms of a pasted InvenioRDM datastream config: {"config": {…}}, {"affiliations": {…}}, a writer inside
 * `async`. It remembers the original position of each part, so that problems are reported there.
 */
import { isJsonObject, getOwn, mapObject, setOwn, type JsonObject } from '../../records/json-object.ts';
import { isWithin, toPointer } from '../pointer.ts';
import { JOB_ID, jobSchema } from '../schema/job-schema.ts';
import type { Report } from '../check/problem.ts';

export interface UnwrappedConfig {
  readonly config: unknown;
  /** The pointer in what was written, for a pointer in `config`. */
  toWritten(pointer: string): string;
}

interface Move {
  readonly to: string;
  readonly from: string;
}

/** Describes keys whose records are only a part of those that the key names. */
const VOCABULARIES: Readonly<Partial<Record<string, string>>> = { 'affiliations:openaire': 'affiliation-identifiers' };

const LISTS = ['readers', 'transformers', 'writers'];

/** Readers of InvenioRDM that open the file in their `origin` if they are the first of a chain. */
const OPEN_THEIR_ORIGIN = new Set(['csv', 'gzip', 'json', 'jsonl', 'rdf', 'tar', 'xml', 'yaml', 'zip']);
const KEYS = new Set(Object.keys(jobSchema.shape));

/**
 * Problems are reported at the pointers of the original text. `name` is the name of the file, which is the id of a
 * pasted config without one.
 */
export function unwrapConfig(written: unknown, name: string | undefined, report: Report): UnwrappedConfig {
  const moves: Move[] = [];
  const toWritten = (pointer: string): string => {
    const move = moves.findLast(({ to }) => isWithin(pointer, to));
    return move === undefined ? pointer : move.from + pointer.slice(move.to.length);
  };
  if (!isJsonObject(written)) return { config: written, toWritten };
  const flat = unwrapVocabulary(unwrapKey(written, 'config', moves), moves, report);
  const named = nameIt(flat, name, report);
  const sourced = unwrapReaders(named, moves, toWritten, report);
  return { config: unwrapWriters(sourced, moves, toWritten, report), toWritten };
}

function unwrapKey(written: JsonObject, key: string, moves: Move[]): JsonObject {
  const inner = getOwn(written, key);
  if (!isJsonObject(inner)) return written;
  const result: Record<string, unknown> = {};
  for (const [other, value] of Object.entries(written)) if (other !== key) setOwn(result, other, value);
  const prefix = toPointer([key]);
  for (const [name, value] of Object.entries(inner)) {
    setOwn(result, name, value);
    moves.push({ to: toPointer([name]), from: wasAt(moves, prefix) + toPointer([name]) });
  }
  return result;
}

function wasAt(moves: readonly Move[], pointer: string): string {
  return moves.findLast(({ to }) => to === pointer)?.from ?? pointer;
}

function unwrapVocabulary(config: JsonObject, moves: Move[], report: Report): JsonObject {
  if ([...LISTS, 'tasks'].some((key) => Object.hasOwn(config, key))) return config;
  const wrapped = Object.entries(config).filter(
    ([key, value]) => !KEYS.has(key) && isJsonObject(value) && LISTS.some((list) => Object.hasOwn(value, list)),
  );
  const [first, second] = wrapped;
  if (first === undefined) return config;
  const [key] = first;
  if (second !== undefined) {
    const names = wrapped.map(([name]) => `"${name}"`).join(', ');
    const message = `holds ${String(wrapped.length)} configs (${names}); put each into a job file of its own`;
    report({ severity: 'error', pointer: '', message });
  }
  // The others have been reported, so their keys are not reported as unknown.
  const others = new Set(wrapped.slice(1).map(([name]) => name));
  const alone = Object.fromEntries(Object.entries(config).filter(([name]) => !others.has(name)));
  const inner = unwrapKey(alone, key, moves);
  const id = key.replaceAll(/[:_]/g, '-');
  const said = { id, title: key, vocabulary: VOCABULARIES[key] ?? key.split(':')[0] ?? key };
  const stand = Object.fromEntries(Object.entries(said).filter(([name]) => !Object.hasOwn(inner, name)));
  if (Object.keys(stand).length > 0) reportStandIn(stand, report);
  return { ...stand, ...inner };
}

function nameIt(config: JsonObject, name: string | undefined, report: Report): JsonObject {
  const pasted = LISTS.some((key) => Object.hasOwn(config, key));
  if (!pasted || Object.hasOwn(config, 'id') || name === undefined || !JOB_ID.test(name)) return config;
  const stand = Object.hasOwn(config, 'title') ? { id: name } : { id: name, title: name };
  reportStandIn(stand, report);
  return { ...stand, ...config };
}

function reportStandIn(stand: JsonObject, report: Report): void {
  const keys = Object.entries(stand).map(([key, value]) => `"${key}": ${JSON.stringify(value)}`);
  report({
    severity: 'warning',
    pointer: '',
    message: `does not set these keys, so defaults are used: ${keys.join(', ')}`,
  });
}

/** A first reader with the file that it reads in `origin` becomes two: `file`, and the reader without it. */
function unwrapReaders(
  config: JsonObject,
  moves: Move[],
  toWritten: (pointer: string) => string,
  report: Report,
): JsonObject {
  const unwrap = (object: JsonObject, base: string): JsonObject => {
    const readers = getOwn(object, 'readers');
    const [first, ...others] = Array.isArray(readers) ? (readers as readonly unknown[]) : [];
    if (!isJsonObject(first)) return object;
    const [type, args] = [getOwn(first, 'type'), getOwn(first, 'args')];
    const origin = isJsonObject(args) ? getOwn(args, 'origin') : undefined;
    if (typeof type !== 'string' || !OPEN_THEIR_ORIGIN.has(type) || !isJsonObject(args)) return object;
    if (typeof origin !== 'string' && !isReference(origin)) return object;
    const written = [first, ...others].map((_, i) => toWritten(`${base}/readers/${String(i)}`));
    for (const [i, from] of written.entries()) moves.push({ to: `${base}/readers/${String(i + 1)}`, from });
    const at = `${written[0] ?? ''}/args/origin`;
    const source = typeof origin === 'string' && /^https?:\/\//i.test(origin) ? 'http' : 'file';
    moves.push({ to: `${base}/readers/0`, from: written[0] ?? '' }, { to: `${base}/readers/0/args/origin`, from: at });
    const message = `"${type}" does not open "origin" itself: the reader "${source}" is put before it`;
    report({ severity: 'warning', pointer: at, message });
    const rest = Object.fromEntries(Object.entries(args).filter(([name]) => name !== 'origin'));
    return { ...object, readers: [{ type: source, args: { origin } }, { ...first, args: rest }, ...others] };
  };
  const flat = unwrap(config, '');
  const tasks = getOwn(config, 'tasks');
  if (!isJsonObject(tasks)) return flat;
  const unwrapped = mapObject(tasks, (task, name) =>
    isJsonObject(task) ? unwrap(task, toPointer(['tasks', name])) : task,
  );
  return { ...flat, tasks: unwrapped };
}

/** `{"$arg": "origin"}`. */
function isReference(value: unknown): boolean {
  return isJsonObject(value) && Object.hasOwn(value, '$arg');
}

/**
 * Returns what a text is that holds no job but what InvenioRDM loads at its installation: the list of its fixtures, or
 * records. Undefined for anything else.
 */
export function describeFixtures(written: unknown): string | undefined {
  if (Array.isArray(written)) {
    const isRecords = written.length > 0 && written.every((item) => isJsonObject(item) && Object.hasOwn(item, 'id'));
    if (!isRecords) return undefined;
    return `holds records and no job. \`vocab-sync new job ID --from FILE\` writes a job that reads them`;
  }
  if (!isJsonObject(written)) return undefined;
  const entries = Object.entries(written);
  const isFixture = (value: unknown): boolean =>
    isJsonObject(value) && (Object.hasOwn(value, 'pid-type') || Object.hasOwn(value, 'data-file'));
  if (entries.length === 0 || !entries.every(([, value]) => isFixture(value))) return undefined;
  const files = dataFiles(written).slice(0, 3).join(', ');
  return `is the list of InvenioRDM's fixtures and no job. The records are in the files that it names${files === '' ? '' : ` (${files})`}: \`vocab-sync new job ID --from FILE\` writes a job that reads one of them`;
}

/** Of the vocabularies, and of their schemes. */
function dataFiles(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(dataFiles);
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'data-file' && typeof inner === 'string' ? [inner] : dataFiles(inner),
  );
}

function unwrapWriters(
  config: JsonObject,
  moves: Move[],
  toWritten: (pointer: string) => string,
  report: Report,
): JsonObject {
  const unwrap = (object: JsonObject, base: string): JsonObject =>
    mapObject(object, (value, key) => {
      if (key !== 'writers' || !Array.isArray(value)) return value;
      return value.map((writer: unknown, index) => {
        const at = `${base}/writers/${String(index)}`;
        const { inner, depth } = unwrapAsync(writer);
        if (depth > 0) {
          const from = toWritten(at);
          moves.push({ to: at, from: from + '/args/writer'.repeat(depth) });
          report({
            severity: 'warning',
            pointer: from,
            message: '\"async\" has no effect: the writer in it is used as it is',
          });
        }
        return toFileWriter(inner, at, moves, toWritten, report);
      });
    });
  const tasks = getOwn(config, 'tasks');
  const flat = unwrap(config, '');
  if (!isJsonObject(tasks)) return flat;
  const unwrapped = mapObject(tasks, (task, name) =>
    isJsonObject(task) ? unwrap(task, toPointer(['tasks', name])) : task,
  );
  return { ...flat, tasks: unwrapped };
}

/** The writer `yaml` of InvenioRDM is a file here. */
function toFileWriter(
  writer: unknown,
  at: string,
  moves: Move[],
  toWritten: (pointer: string) => string,
  report: Report,
): unknown {
  const args = isJsonObject(writer) && getOwn(writer, 'type') === 'yaml' ? getOwn(writer, 'args') : undefined;
  if (!isJsonObject(writer) || !isJsonObject(args)) return writer;
  const { filepath, ...others } = args;
  if (typeof filepath !== 'string') return writer;
  const message = '"yaml" is the writer "file" here: the file holds all records, and each run replaces it as a whole';
  report({ severity: 'warning', pointer: toWritten(at), message });
  moves.push({ to: `${at}/args/path`, from: `${toWritten(at)}/args/filepath` });
  return { ...writer, type: 'file', args: { path: filepath, format: 'yaml', ...others } };
}

function unwrapAsync(writer: unknown): { inner: unknown; depth: number } {
  let inner = writer;
  let depth = 0;
  while (isJsonObject(inner) && getOwn(inner, 'type') === 'async') {
    const args = getOwn(inner, 'args');
    const next = isJsonObject(args) ? getOwn(args, 'writer') : undefined;
    if (!isJsonObject(next)) break;
    inner = next;
    depth++;
  }
  return { inner, depth };
}
