/**
 * The pipelines of a config as they are written, before it is known whether they are right: so that one mistake does
 * not hide the others. Every cell of the matrix gives a copy of every pipeline.
 */
import type { ArgumentSet } from './fill-arguments.ts';
import { fillArguments } from './fill-arguments.ts';
import { getOwn, isJsonObject, type JsonObject } from '../../records/json-object.ts';
import { toPointer } from '../pointer.ts';
import type { Report } from '../check/problem.ts';

export type ComponentKind = 'reader' | 'transformer' | 'writer';

export interface DraftComponent {
  readonly kind: ComponentKind;
  readonly pointer: string;
  readonly type: string;
  /** With the arguments of the run filled in. */
  readonly args: JsonObject;
  /** Of a writer; as written. */
  readonly layer?: unknown;
}

export interface DraftTask {
  readonly name: string;
  /** Empty where the job itself is the pipeline. */
  readonly pointer: string;
  readonly needs: readonly string[];
  readonly vocabulary: string | undefined;
  readonly readers: readonly DraftComponent[];
  readonly transformers: readonly DraftComponent[];
  readonly writers: readonly DraftComponent[];
  readonly guards: JsonObject;
}

export const LISTS = { readers: 'reader', transformers: 'transformer', writers: 'writer' } as const;

export function draftTasks(config: JsonObject, sets: readonly ArgumentSet[], report: Report): readonly DraftTask[] {
  const tasks = checkForm(config, report);
  return sets.flatMap((set) =>
    Object.entries(tasks).flatMap(([name, task]) => {
      if (!isJsonObject(task)) return [];
      return [draftTask(task, name, Object.hasOwn(config, 'tasks'), config, set, report)];
    }),
  );
}

/** The pipelines by name. Exactly one of the two forms is allowed. */
function checkForm(config: JsonObject, report: Report): JsonObject {
  const tasks = getOwn(config, 'tasks');
  const lists = Object.keys(LISTS).filter((key) => Object.hasOwn(config, key));
  if (tasks === undefined) {
    for (const key of ['readers', 'writers']) {
      if (lists.includes(key)) continue;
      const message = `missing: expected "${key}", a list of components (or "tasks" with several pipelines)`;
      report({ severity: 'error', pointer: `/${key}`, message, expected: 'a list', found: 'nothing' });
    }
    return { main: config };
  }
  for (const key of lists) {
    const message = `"${key}" and "tasks" exclude each other: put the list into one of the tasks`;
    report({ severity: 'error', pointer: `/${key}`, atKey: true, message });
  }
  return isJsonObject(tasks) ? tasks : {};
}

function draftTask(
  task: JsonObject,
  name: string,
  named: boolean,
  config: JsonObject,
  set: ArgumentSet,
  report: Report,
): DraftTask {
  const pointer = named ? toPointer(['tasks', name]) : '';
  const components = (list: keyof typeof LISTS): readonly DraftComponent[] =>
    draftComponents(getOwn(task, list), LISTS[list], `${pointer}/${list}`, set, report);
  const needs = named ? getOwn(task, 'needs') : undefined;
  const vocabulary = getOwn(task, 'vocabulary') ?? getOwn(config, 'vocabulary');
  return {
    name: `${name}${set.suffix}`,
    pointer,
    needs: Array.isArray(needs) ? needs.map((need: unknown) => `${String(need)}${set.suffix}`) : [],
    vocabulary: typeof vocabulary === 'string' ? vocabulary : undefined,
    readers: components('readers'),
    transformers: components('transformers'),
    writers: components('writers'),
    guards: { ...asObject(getOwn(config, 'guards')), ...asObject(getOwn(task, 'guards')) },
  };
}

function draftComponents(
  list: unknown,
  kind: ComponentKind,
  at: string,
  set: ArgumentSet,
  report: Report,
): readonly DraftComponent[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown, index): DraftComponent[] => {
    const type = isJsonObject(item) ? getOwn(item, 'type') : undefined;
    if (!isJsonObject(item) || typeof type !== 'string') return [];
    const pointer = `${at}/${String(index)}`;
    const args = asObject(getOwn(item, 'args'));
    const layer = kind === 'writer' && Object.hasOwn(item, 'layer') ? { layer: getOwn(item, 'layer') } : {};
    return [{ kind, pointer, type, args: fillArguments(args, `${pointer}/args`, set, report), ...layer }];
  });
}

function asObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
