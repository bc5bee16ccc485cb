/** How much memory the step processes of a worker may hold: each of them, and all of them together. */
import { z } from 'zod';

export interface StepMemory {
  /** Resident memory that the process of one step may hold. */
  readonly stepMemoryMegabytes: number;
  /** The sum of these limits over the processes that run at once. */
  readonly totalStepMemoryMegabytes: number;
}

/** A process needs 90 MB before it reads anything. */
const LEAST = 128;
const DEFAULT_STEP = 256;
/** As many steps as a worker takes at once. With fewer places a few slow downloads would keep all other jobs waiting. */
const DEFAULT_PLACES = 8;
const EXPECTED = `expected megabytes as a whole number, at least ${String(LEAST)}`;

const megabytes = z
  .string()
  .regex(/^\d{1,6}$/, { error: EXPECTED })
  .transform(Number)
  .refine((number) => number >= LEAST, { error: EXPECTED });

export const stepMemoryShape = {
  VOCAB_SYNC_STEP_MEMORY: megabytes.default(DEFAULT_STEP),
  VOCAB_SYNC_TOTAL_STEP_MEMORY: megabytes.optional(),
};

interface Values {
  readonly VOCAB_SYNC_STEP_MEMORY: number;
  readonly VOCAB_SYNC_TOTAL_STEP_MEMORY?: number | undefined;
}

export function toStepMemory({
  VOCAB_SYNC_STEP_MEMORY: step,
  VOCAB_SYNC_TOTAL_STEP_MEMORY: total = DEFAULT_PLACES * step,
}: Values): StepMemory {
  return { stepMemoryMegabytes: step, totalStepMemoryMegabytes: total };
}

export function stepMemoryProblems(values: Values): string[] {
  const { stepMemoryMegabytes: step, totalStepMemoryMegabytes: total } = toStepMemory(values);
  if (total >= step) return [];
  return [
    `VOCAB_SYNC_TOTAL_STEP_MEMORY: expected at least VOCAB_SYNC_STEP_MEMORY, ${String(step)}, found ${String(total)}. No step could run.`,
  ];
}
