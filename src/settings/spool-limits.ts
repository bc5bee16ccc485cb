/** How old and how large the spool may become. */
import { z } from 'zod';

export interface SpoolLimits {
  /** A span: the worker removes older files of the spool that no run needs. */
  readonly spoolMaxAge: string;
  /** Above this the worker removes the oldest of them. */
  readonly spoolMaxBytes: number;
}

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

export function toSpoolLimits(values: {
  readonly VOCAB_SYNC_SPOOL_MAX_AGE: string;
  readonly VOCAB_SYNC_SPOOL_MAX_SIZE: string;
}): SpoolLimits {
  const size = values.VOCAB_SYNC_SPOOL_MAX_SIZE;
  const bytes = Number.parseInt(size, 10) * (UNITS[size.slice(-2).toUpperCase()] ?? 1);
  return { spoolMaxAge: values.VOCAB_SYNC_SPOOL_MAX_AGE, spoolMaxBytes: bytes };
}
