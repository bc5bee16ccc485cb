/**
 * Custom args: a JSON object that overrides a job config. Objects are merged, lists are replaced, and null removes a
 * key. Components in a list may be addressed by type ({"readers": {"zip": {"regex": "…"}}}). InvenioRDM's own form
 * {"config": {…}} is equivalent to its content. `since` in custom args sets the `since` of the run.
 */
import { ConfigError } from '../../errors.ts';
import { LISTS } from './draft-task.ts';
import { getOwn, isJsonObject, mapObject, setOwn, type JsonObject } from '../../records/json-object.ts';
import { toPointer, type Path } from '../pointer.ts';
import { describeFound } from '../check/problem.ts';
import { didYouMean, suggest } from '../check/suggest.ts';

export interface LaidOver {
  readonly config: JsonObject;
  /** The pointers in `config` that the custom args set, with all that is inside them, or took away. */
  readonly touched: ReadonlySet<string>;
  /** What the custom args give as `since`; not part of a config. */
  readonly since: unknown;
}

/** The values of `--arg` over those that are stored with the job; each as a whole. */
export function layArgs(config: JsonObject, args: JsonObject | undefined): JsonObject {
  if (args === undefined) return config;
  const stored = getOwn(config, 'args');
  return { ...config, args: { ...(isJsonObject(stored) ? stored : {}), ...args } };
}

/** Throws ConfigError E_CUSTOM_ARGS_INVALID with `details.pointer`, which leads into the custom args. */
export function applyCustomArgs(config: JsonObject, customArgs: unknown): JsonObject {
  return layCustomArgs(config, customArgs).config;
}

export function layCustomArgs(config: JsonObject, customArgs: unknown): LaidOver {
  if (!isJsonObject(customArgs)) refuse([], `expected a JSON object, found ${describeFound(customArgs)}`);
  const touched = new Set<string>();
  const { over, since } = split(customArgs);
  const result = over.reduce<JsonObject>((below, { value, at }) => {
    refuseIdentity(below, value, at);
    return merge(below, value, [], at, touched) as JsonObject;
  }, config);
  return { config: result, touched, since };
}

/** The content of "config" first, then the keys next to it. */
function split(customArgs: JsonObject): { over: { value: JsonObject; at: Path }[]; since: unknown } {
  const inner = getOwn(customArgs, 'config');
  const beside: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(customArgs)) {
    if (key !== 'since' && (key !== 'config' || !isJsonObject(inner))) setOwn(beside, key, value);
  }
  const over: { value: JsonObject; at: Path }[] = [{ value: beside, at: [] }];
  if (isJsonObject(inner)) over.unshift({ value: inner, at: ['config'] });
  return { over, since: getOwn(customArgs, 'since') };
}

/** Refuses to change the keys that identify the job. */
function refuseIdentity(config: JsonObject, over: JsonObject, at: Path): void {
  for (const key of ['id', '$schema']) {
    if (!Object.hasOwn(over, key) || getOwn(over, key) === getOwn(config, key)) continue;
    refuse([...at, key], `"${key}" belongs to the job and cannot be changed for a run`);
  }
  const list = Object.keys(LISTS).find((key) => Object.hasOwn(over, key));
  if (list === undefined || !Object.hasOwn(config, 'tasks')) return;
  const tasks = Object.keys(getOwn(config, 'tasks') ?? {});
  const example = JSON.stringify({ tasks: { [tasks[0] ?? 'NAME']: { [list]: {} } } });
  refuse([...at, list], `this job has several tasks (${tasks.join(', ')}): say for which one, as in ${example}`);
}

/** `path` leads into the config, `at` into the custom args. */
function merge(below: unknown, over: unknown, path: Path, at: Path, touched: Set<string>): unknown {
  if (isJsonObject(over) && Array.isArray(below) && isComponentList(path)) {
    return mergeByType(below, over, path, at, touched);
  }
  if (!isJsonObject(over) || !isJsonObject(below)) {
    touched.add(toPointer(path));
    return isJsonObject(over) ? withoutNulls(over) : over;
  }
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(below)) {
    if (getOwn(over, key) !== null) setOwn(result, key, value);
  }
  for (const [key, value] of Object.entries(over)) {
    if (value === null) {
      touched.add(toPointer([...path, key]));
      continue;
    }
    setOwn(result, key, merge(getOwn(below, key), value, [...path, key], [...at, key], touched));
  }
  return result;
}

/** Inside what is new there is nothing to remove. */
function withoutNulls(value: JsonObject): JsonObject {
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return mapObject(Object.fromEntries(kept), (inner) => (isJsonObject(inner) ? withoutNulls(inner) : inner));
}

/** `/readers` and `/tasks/NAME/readers`, likewise the other two. */
function isComponentList(path: Path): boolean {
  const list = path.at(-1);
  return (
    typeof list === 'string' &&
    Object.hasOwn(LISTS, list) &&
    (path.length === 1 || (path.length === 3 && path[0] === 'tasks'))
  );
}

function mergeByType(
  list: readonly unknown[],
  over: JsonObject,
  path: Path,
  at: Path,
  touched: Set<string>,
): unknown[] {
  const types = list.map((item) => (isJsonObject(item) ? getOwn(item, 'type') : undefined));
  for (const type of Object.keys(over)) {
    const places = types.filter((other) => other === type).length;
    if (places === 0) refuseType(type, types, [...at, type]);
    if (places > 1)
      refuse([...at, type], `"${type}" stands ${String(places)} times in the list: give the whole list instead`);
  }
  const kept = list.filter((_, index) => getOwn(over, String(types[index])) !== null);
  return kept.map((item, index) => {
    const component = item as JsonObject;
    const type = String(getOwn(component, 'type'));
    const args = getOwn(over, type);
    if (args === undefined) return item;
    if (!isJsonObject(args)) {
      refuse(
        [...at, type],
        `expected an object with args of "${type}", or null to leave it out, found ${describeFound(args)}`,
      );
    }
    const inner: Path = [...path, index, 'args'];
    return { ...component, args: merge(getOwn(component, 'args') ?? {}, args, inner, [...at, type], touched) };
  });
}

function refuseType(type: string, types: readonly unknown[], at: Path): never {
  const known = types.filter((other) => typeof other === 'string');
  const nearest = suggest(type, known);
  refuse(
    at,
    `the job has no "${type}" in this list${nearest === undefined ? `; it has ${known.join(', ') || 'none'}` : didYouMean(nearest)}`,
  );
}

function refuse(at: Path, message: string): never {
  const pointer = toPointer(at);
  const place = pointer === '' ? '' : ` at ${pointer}`;
  throw new ConfigError('E_CUSTOM_ARGS_INVALID', `The custom args cannot be used${place}: ${message}.`, {
    details: { pointer },
  });
}
