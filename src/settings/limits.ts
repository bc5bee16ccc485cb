/** The limits of a worker: the memory of its step processes, and the age and size of its spool. */
import { z } from 'zod';

export interface WorkerLimits {
  /** Resident memory that the process of one step may hold. */
  readonly stepMemoryMegabytes: number;
  /** The sum of these limits over the processes that run at once. */
  readonly totalStepMemoryMegabytes: number;
  /** A span: the worker removes older files of the spool that no run needs. */
  readonly spoolMaxAge: string;
  /** Above this the worker removes the oldest of them. */
  readonly spoolMaxBytes: number;
}

/** A process needs 90 MB before it reads anything. */
const LEAST = 128;
const DEFAULT_STEP = 256;
/** The number of steps that a worker runs at once. With fewer, a few slow downloads would make all other jobs wait. */
const DEFAULT_PLACES = 8;
const EXPECTED = `expected megabytes as a whole number, at least ${String(LEAST)}`;

const megabytes = z
  .string()
  .regex(/^\d{1,6}$/, { error: EXPECTED })
  .transform(Number)
  .refine((number) => number >= LEAST, { error: EXPECTED });

export const memoryShape = {
  VOCAB_SYNC_STEP_MEMORY: megabytes.default(DEFAULT_STEP),
  VOCAB_SYNC_TOTAL_STEP_MEMORY: megabytes.optional(),
};

export const spoolShape = {
  VOCAB_SYNC_SPOOL_MAX_AGE: z
    .string()
    .regex(/^P(?=\d)(\d{1,4}Y)?(\d{1,4}M)?(\d{1,4}W)?(\d{1,5}D)?$/, { error: 'expected a span of days such as P30D' })
    .default('P30D'),
  VOCAB_SYNC_SPOOL_MAX_SIZE: z
    .string()
    .regex(/^\d{1,6}\s?(MB|GB|TB)$/i, { error: 'expected a size such as 500 MB or 100 GB' })
    .default('100 GB'),
};

const UNITS: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9, TB: 1e12 };

interface Values {
  readonly VOCAB_SYNC_STEP_MEMORY: number;
  readonly VOCAB_SYNC_TOTAL_STEP_MEMORY?: number | undefined;
  readonly VOCAB_SYNC_SPOOL_MAX_AGE: string;
  readonly VOCAB_SYNC_SPOOL_MAX_SIZE: string;
}

export function toWorkerLimits({
  VOCAB_SYNC_STEP_MEMORY: step,
  VOCAB_SYNC_TOTAL_STEP_MEMORY: total = DEFAULT_PLACES * step,
  VOCAB_SYNC_SPOOL_MAX_AGE: spoolMaxAge,
  VOCAB_SYNC_SPOOL_MAX_SIZE: size,
}: Values): WorkerLimits {
  const spoolMaxBytes = Number.parseInt(size, 10) * (UNITS[size.slice(-2).toUpperCase()] ?? 1);
  return { stepMemoryMegabytes: step, totalStepMemoryMegabytes: total, spoolMaxAge, spoolMaxBytes };
}

export function memoryProblems(values: Values): string[] {
  const { stepMemoryMegabytes: step, totalStepMemoryMegabytes: total } = toWorkerLimits(values);
  if (total >= step) return [];
  return [
    `VOCAB_SYNC_TOTAL_STEP_MEMORY: expected at least VOCAB_SYNC_STEP_MEMORY, ${String(step)}, found ${String(total)}. No step could run.`,
  ];
}
