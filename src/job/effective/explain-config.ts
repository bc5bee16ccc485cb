/** Lists every value of an effective config with its origin, for `run --explain`. */
import type { Catalog, ComponentSet } from '../../component/catalog.ts';
import type { Reader } from '../../component/reader.ts';
import type { Transformer } from '../../component/transformer.ts';
import type { Writer } from '../../component/writer.ts';
import { toArgsSchema, withDefaults } from '../schema/args-schema.ts';
import { LISTS } from './draft-task.ts';
import type { EffectiveJob } from './effective-job.ts';
import { fillArguments } from './fill-arguments.ts';
import { argumentNames } from './references.ts';
import { jobSchema } from '../schema/job-schema.ts';
import { getOwn, isJsonObject, mapObject, type JsonObject } from '../../records/json-object.ts';
import { isWithin, parsePointer, toPointer, type Path } from '../pointer.ts';
import { referenceKind } from './references.ts';

type ValueOrigin =
  'job file' | 'stored args' | '--arg' | 'custom args' | 'default' | '--input' | '--since' | 'VOCAB_SYNC_TARGETS';

export interface ExplainedValue {
  readonly pointer: string;
  readonly value: unknown;
  readonly origin: ValueOrigin;
  /** The arguments that the value is read from. Where it is one as a whole, the origin is that of the argument. */
  readonly argument?: string;
}

export interface ExplainOptions {
  readonly effective: EffectiveJob;
  readonly catalog: Catalog;
  /** As given on the command line; custom args win over it. */
  readonly since?: string;
}

/** The leaf values of the config in order, beginning with `since` if it is set. */
export function explainConfig({ effective, catalog, since }: ExplainOptions): readonly ExplainedValue[] {
  const { config, touched } = effective;
  const written = new Set(leaves(config, []).map(({ pointer }) => pointer));
  const origin = (pointer: string): ValueOrigin => {
    const under = (places: ReadonlySet<string>): boolean => [...places].some((place) => isWithin(pointer, place));
    if (![...written].some((leaf) => isWithin(pointer, leaf))) return 'default';
    if (under(touched.input)) return '--input';
    if (under(touched.bound)) return 'VOCAB_SYNC_TARGETS';
    if (under(touched.customArgs)) return 'custom args';
    if (under(touched.args)) return '--arg';
    return isWithin(pointer, '/args') ? 'stored args' : 'job file';
  };
  const whole = withArguments(complete(config, catalog));
  const args = getOwn(whole, 'args');
  const values = leaves(whole, []).map((leaf): ExplainedValue => {
    const inText = isWithin(leaf.pointer, '/args') ? [] : [...argumentNames(leaf.value)];
    if (typeof leaf.value === 'string' && inText.length > 0 && isJsonObject(args)) {
      return {
        pointer: leaf.pointer,
        value: filled(leaf.value, args),
        origin: origin(leaf.pointer),
        argument: inText.join(', '),
      };
    }
    const name = referenceKind(leaf.value) === '$arg' ? String(getOwn(leaf.value as JsonObject, '$arg')) : undefined;
    if (name === undefined || !isJsonObject(args) || !Object.hasOwn(args, name)) {
      return { ...leaf, origin: origin(leaf.pointer) };
    }
    return { ...leaf, value: args[name], origin: origin(toPointer(['args', name])), argument: name };
  });
  if (effective.since !== undefined)
    return [{ pointer: '/since', value: effective.since, origin: 'custom args' }, ...values];
  return since === undefined ? values : [{ pointer: '/since', value: since, origin: '--since' }, ...values];
}

/** What has no value, or one for each task, stays as it is written. */
function filled(text: string, values: JsonObject): unknown {
  return fillArguments({ text }, '', { suffix: '', values, open: new Set() }, () => undefined)['text'];
}

/** The declared defaults and the given values. A matrix gives each task other values, so it is listed as a whole. */
function withArguments(config: JsonObject): JsonObject {
  const declared = getOwn(config, 'arguments');
  if (!isJsonObject(declared)) return config;
  return { ...config, args: withDefaults(getOwn(config, 'args') ?? {}, declared) };
}

/** The config with the defaults of the job and of each component. */
function complete(config: JsonObject, catalog: Catalog): JsonObject {
  const lists = (task: JsonObject): JsonObject =>
    mapObject(task, (value, key) => {
      if (!Array.isArray(value) || !Object.hasOwn(LISTS, key)) return value;
      const known: ComponentSet<Reader | Transformer | Writer> = catalog[key as keyof typeof LISTS];
      return value.map((item: unknown) => completeComponent(item, known));
    });
  const whole = withDefaults(config, toArgsSchema(jobSchema)) as JsonObject;
  // The default lists of a job with one pipeline mean nothing where there are several.
  const job = Object.hasOwn(config, 'tasks') ? withoutLists(whole) : whole;
  const tasks = getOwn(job, 'tasks');
  if (!isJsonObject(tasks)) return lists(job);
  return { ...job, tasks: mapObject(tasks, (task) => (isJsonObject(task) ? lists(task) : task)) };
}

function completeComponent(item: unknown, known: ComponentSet<Reader | Transformer | Writer>): unknown {
  if (!isJsonObject(item)) return item;
  const type = String(getOwn(item, 'type'));
  if (!known.types.includes(type)) return item;
  const component = known.get(type);
  return { ...item, args: withDefaults(getOwn(item, 'args') ?? {}, toArgsSchema(component.args)) };
}

function withoutLists(job: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(job).filter(([key]) => !Object.hasOwn(LISTS, key)));
}

function leaves(value: unknown, path: Path): { pointer: string; value: unknown }[] {
  if (referenceKind(value) !== undefined) return [{ pointer: toPointer(path), value }];
  const inner: [string | number, unknown][] = Array.isArray(value)
    ? (value as unknown[]).map((item, index) => [index, item])
    : isJsonObject(value)
      ? Object.entries(value)
      : [];
  if (inner.length === 0) return [{ pointer: toPointer(path), value }];
  return inner.flatMap(([step, item]) => leaves(item, [...path, step]));
}

/** `/readers/1/args/regex` → `readers[1].args.regex`, for a table. */
export function toDottedPath(pointer: string): string {
  return parsePointer(pointer)
    .map((step, index) => (/^\d+$/.test(step) ? `[${step}]` : `${index === 0 ? '' : '.'}${step}`))
    .join('');
}
