/** A target that receives changes and keeps them in memory, with the faults that a test requests. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { defineWriter, type ChangeLimits, type ChangesWriter } from '../../src/component/writer.ts';
import type { Change, ChangeResult, Held } from '../../src/records/change.ts';
import { compareIds } from '../../src/records/compare-ids.ts';
import type { Document } from '../../src/records/document.ts';

export interface MemoryTarget {
  readonly writer: ChangesWriter;
  /** What it holds, by id. */
  readonly held: Map<string, Document>;
  /** Every change that it made, in order: `insert a`. */
  readonly made: string[];
  readonly looked: string[];
  /** Calls of `finish`. */
  finished: number;
  /** Called before a change is made; what it returns is the answer, what it throws fails the batch. */
  before: ((change: Change) => ChangeResult | undefined) | undefined;
  /** Results that it adds to the ones of each batch. */
  stray: readonly ChangeResult[];
  /** Called after a batch was made, before it is answered. */
  after: (() => void) | undefined;
  /** How long a batch takes, in milliseconds. */
  takes: number;
  limits: ChangeLimits;
  /** How it can be read. */
  reads: 'list' | 'look' | 'nothing';
  /** Called before each page of a list; what it throws fails the list. */
  beforePage: ((after: string | undefined) => void) | undefined;
}

/** Records on one page of a list. */
const PAGE = 50;

export function memoryTarget(type = 'memory'): MemoryTarget {
  const target: MemoryTarget = {
    held: new Map(),
    made: [],
    looked: [],
    finished: 0,
    before: undefined,
    stray: [],
    after: undefined,
    takes: 0,
    limits: { batch: 10, batchBytes: 1_000_000, concurrency: 2 },
    reads: 'list',
    beforePage: undefined,
    writer: defineWriter({
      type,
      version: 1,
      receives: 'changes',
      summary: 'Keeps records in the memory of a test.',
      args: z.strictObject({
        name: z.string().default(type),
        on_missing: z.enum(['keep', 'withdraw']).default('withdraw'),
        on_conflict: z.enum(['keep', 'overwrite']).default('keep'),
      }),
      examples: [],
      targetName: ({ name }) => `memory:${name}`,
      onMissing: ({ on_missing }) => on_missing,
      onConflict: ({ on_conflict }) => on_conflict,
      limits: () => target.limits,
      open: () =>
        Promise.resolve({
          ...(target.reads === 'nothing'
            ? {}
            : {
                look: (ids: readonly string[]) => {
                  target.looked.push(...ids);
                  return Promise.resolve(new Map(ids.flatMap((id) => lookUp(target, id))));
                },
              }),
          ...(target.reads === 'list' ? { list: (after: string | undefined) => listAll(target, after) } : {}),
          write: async (changes) => {
            await (target.takes === 0 ? Promise.resolve() : sleep(target.takes));
            const results = changes.map((change) => target.before?.(change) ?? make(target, change));
            target.after?.();
            return [...results, ...target.stray];
          },
          finish: () => {
            target.finished += 1;
            return Promise.resolve();
          },
          close: () => Promise.resolve(),
        }),
    }),
  };
  return target;
}

function lookUp({ held }: MemoryTarget, id: string): [string, Held][] {
  const document = held.get(id);
  return document === undefined ? [] : [[id, { id, state: 'live', document }]];
}

async function* listAll(target: MemoryTarget, after: string | undefined): AsyncGenerator<readonly Held[]> {
  const ids = [...target.held.keys()]
    .toSorted(compareIds)
    .filter((id) => after === undefined || compareIds(id, after) > 0);
  for (let start = 0; start < ids.length; start += PAGE) {
    await Promise.resolve();
    target.beforePage?.(start === 0 ? after : ids[start - 1]);
    yield ids.slice(start, start + PAGE).flatMap((id) => lookUp(target, id).map(([, held]) => held));
  }
}

/** Refuses what a real server would: a second insert of an id, an update of one that is not there. */
function make(target: MemoryTarget, change: Change): ChangeResult {
  const { id, kind, document, found } = change;
  const isThere = target.held.has(id);
  const believesThere = found === undefined ? kind !== 'insert' && kind !== 'restore' : found.held !== undefined;
  if (isThere !== believesThere) {
    return {
      id,
      result: 'rejected',
      code: 'E_TARGET_REFUSED',
      message: `${id} is ${isThere ? 'there already' : 'not there'}`,
    };
  }
  if (kind === 'withdraw') target.held.delete(id);
  else if (JSON.stringify(target.held.get(id)) === JSON.stringify(document)) return { id, result: 'done' };
  else target.held.set(id, document);
  target.made.push(`${kind} ${id}`);
  return { id, result: 'done', remote: { revision: target.made.length } };
}
