/**
 * The forms in which a datastream config of InvenioRDM is pasted, brought into ours: {"config": {…}},
 * {"affiliations": {…}}, a writer inside `async`. Remembers where each part stood, so that problems name the place in
 * the text that the operator wrote.
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

/** Of the keys whose records are only a part of those that the key is named for. */
const VOCABULARIES: Readonly<Partial<Record<string, string>>> = { 'affiliations:openaire': 'affiliation-identifiers' };

const LISTS = ['readers', 'transformers', 'writers'];
const KEYS = new Set(Object.keys(jobSchema.shape));

/** Findings are reported at the pointers of what was written. `name` stands in where a pasted config has no id: the name of its file. */
export function unwrapConfig(written: unknown, name: string | undefined, report: Report): UnwrappedConfig {
  const moves: Move[] = [];
  const toWritten = (pointer: string): string => {
    const move = moves.findLast(({ to }) => isWithin(pointer, to));
    return move === undefined ? pointer : move.from + pointer.slice(move.to.length);
  };
  if (!isJsonObject(written)) return { config: written, toWritten };
  const flat = unwrapVocabulary(unwrapKey(written, 'config', moves), moves, report);
  const named = nameIt(flat, name, report);
  return { config: unwrapWriters(named, moves, toWritten, report), toWritten };
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
  const inner = unwrapKey(config, key, moves);
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
  report({ severity: 'warning', pointer: '', message: `does not say what stands in now: ${keys.join(', ')}` });
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
        if (depth === 0) return writer;
        const from = toWritten(at);
        moves.push({ to: at, from: from + '/args/writer'.repeat(depth) });
        report({
          severity: 'warning',
          pointer: from,
          message: '\"async\" has no effect: the writer in it is used as it is',
        });
        return inner;
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
