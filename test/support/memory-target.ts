/** A target that takes changes one by one and keeps them in memory, with the faults that a test asks for. */
import { z } from 'zod';
import { defineWriter, type ChangeLimits, type ChangesWriter } from '../../src/component/writer.ts';
import type { Change, ChangeResult, Held } from '../../src/records/change.ts';
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
  /** Called after a batch was made, before it is answered. */
  after: (() => void) | undefined;
  limits: ChangeLimits;
}

export function memoryTarget(type = 'memory'): MemoryTarget {
  const target: MemoryTarget = {
    held: new Map(),
    made: [],
    looked: [],
    finished: 0,
    before: undefined,
    after: undefined,
    limits: { batch: 10, batchBytes: 1_000_000, concurrency: 2 },
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
          look: (ids) => {
            target.looked.push(...ids);
            return Promise.resolve(new Map(ids.flatMap((id) => lookUp(target, id))));
          },
          write: async (changes) => {
            await Promise.resolve();
            const results = changes.map((change) => target.before?.(change) ?? make(target, change));
            target.after?.();
            return results;
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
