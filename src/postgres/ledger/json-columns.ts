/**
 * The JSON columns of the ledger: one parser for each. Values are parsed where a row is read, so no other code meets a
 * shape that it does not know.
 *
 * A value of version 1 is stored as it is. From version 2 on, and always for the job of a run, it is stored as
 * `{"$schema": n, "value": …}`. A value of an older version is migrated while it is read. Keys that are not known are left
 * alone, so an added optional key needs no new version. Columns that hold whole records (`record`, `before`, `after`,
 * `remote`) hold what the source and the target sent and have any shape.
 */
import { z } from 'zod';
import { StateError, UnavailableError } from '../../errors.ts';
import type { Finding } from '../../job/check/problem.ts';
import { parseWithSchema } from '../../job/check/zod-findings.ts';
import { frozenJobSchema } from '../../job/schema/frozen-job-schema.ts';
import type { Job } from '../../job/schema/job.ts';
import type { StageCounts, TargetCounts, WarningCount } from '../../records/counts.ts';
import type { DriftCounts, DriftFinding } from '../../records/drift.ts';
import type { Impact } from '../../records/impact.ts';
import { isJsonObject, type JsonObject } from '../../records/json-object.ts';
import type { Notes } from '../../records/notes.ts';
import type { Cursor } from '../../records/origin.ts';
import type { GuardTrip, RunFailure, RunHolder, RunRequest } from '../../records/run.ts';
import type { TaskSource } from '../../records/source.ts';
import type { Tally } from '../../records/tally.ts';

interface ColumnVersion {
  /** Made when it is first used: few commands read many columns. */
  readonly schema: () => z.ZodType;
  /** Turns a value of the version before into one of this version. Absent for the first. */
  readonly migrate?: (before: unknown) => unknown;
}

export interface JsonColumn<T> {
  /** As `run.error`. */
  readonly name: string;
  readonly version: number;
  /**
   * `owner` is the id of the run, or the name of the target, that the row belongs to. Throws StateError E_LEDGER_ROW or
   * UnavailableError E_NEWER_RELEASE.
   */
  parse(stored: unknown, owner: string): T;
  /** Returns null for an empty column. */
  parseOptional(stored: unknown, owner: string): T | null;
  /** The JSON text to store. */
  toText(value: T): string;
}

interface ColumnOptions {
  /** Stored with its version from the first one on. */
  readonly isTagged?: boolean;
  /** What a row belongs to. Default `run`. */
  readonly owner?: 'run' | 'target';
}

export function defineJsonColumn<T>(
  name: string,
  versions: readonly ColumnVersion[],
  { isTagged = versions.length > 1, owner: kind = 'run' }: ColumnOptions = {},
): JsonColumn<T> {
  const known = versions.length;
  const schemas = versions.map(({ schema }) => {
    let made: z.ZodType | undefined;
    return () => (made ??= schema());
  });
  const parse = (stored: unknown, owner: string): T => {
    const place = `The column vocab_sync.${name} of ${kind} ${owner}`;
    const { version, value } = untag(stored);
    if (version > known) throw newer(place, version, known, { [kind]: owner, column: name });
    const schema = schemas[version - 1]?.() ?? z.never();
    const { findings }: { readonly findings: readonly Finding[] } = parseWithSchema(schema, value);
    const [finding] = findings;
    if (finding !== undefined) throw unreadable(place, finding, { [kind]: owner, column: name });
    // The stored value and not the result of the schema: the order of its keys and unknown keys remain.
    let current: unknown = value;
    for (const { migrate } of versions.slice(version)) current = migrate === undefined ? current : migrate(current);
    return current as T;
  };
  return {
    name,
    version: known,
    parse,
    parseOptional: (stored, owner) => (stored === null || stored === undefined ? null : parse(stored, owner)),
    toText: (value) => JSON.stringify(isTagged ? { $schema: known, value } : value),
  };
}

function untag(stored: unknown): { readonly version: number; readonly value: unknown } {
  if (!isJsonObject(stored) || Object.keys(stored).length !== 2 || !Object.hasOwn(stored, 'value')) {
    return { version: 1, value: stored };
  }
  const { $schema: version, value } = stored;
  return typeof version === 'number' ? { version, value } : { version: 1, value: stored };
}

function unreadable(place: string, { pointer, message, expected, found }: Finding, details: JsonObject): StateError {
  const at = pointer === '' ? '' : ` at ${pointer}`;
  return new StateError('E_LEDGER_ROW', `${place} cannot be read${at}: ${message}.`, {
    details: { ...details, pointer, expected, found },
  });
}

function newer(place: string, found: number, known: number, details: JsonObject): UnavailableError {
  return new UnavailableError(
    'E_NEWER_RELEASE',
    `${place} was written by a newer release: expected version ${String(known)} or older, found ${String(found)}.`,
    { details: { ...details, expected: known, found } },
  );
}

const count = z.number();
const any = (): z.ZodType => z.looseObject({});
const only = (schema: () => z.ZodType): readonly ColumnVersion[] => [{ schema }];
const failureSchema = () => z.looseObject({ code: z.string(), message: z.string() });
const targetCounts = () =>
  z.looseObject({
    ...{ inserted: count, updated: count, unchanged: count },
    ...{ withdrawn: count, restored: count, rejected: count },
  });
const warnings = () => z.record(z.string(), z.looseObject({ count, samples: z.array(z.string()) }));
const cursor = () => z.array(z.number());
const numbers = () => z.record(z.string(), z.number());
const version = () => z.looseObject({ name: z.string(), version: z.string() });

export const RUN_JOB = defineJsonColumn<Job>('run.job', only(frozenJobSchema), { isTagged: true });
export const RUN_REQUEST = defineJsonColumn<RunRequest>(
  'run.request',
  only(() => z.looseObject({ job: z.string(), trigger: z.enum(['manual', 'schedule']) })),
);
export const RUN_CONFIG = defineJsonColumn<Readonly<Record<string, unknown>>>('run.config', only(any));
export const RUN_ERROR = defineJsonColumn<RunFailure>('run.error', only(failureSchema));
export const RUN_DECISION = defineJsonColumn<{ readonly by: string; readonly reason?: string }>(
  'run.decision',
  only(() => z.looseObject({ by: z.string(), reason: z.string().optional() })),
);
export const RUN_HELD_BY = defineJsonColumn<RunHolder>(
  'run.held_by',
  only(() => z.looseObject({ run: z.string(), workflow_id: z.string(), phase: z.string() })),
);
export const TASK_READERS = defineJsonColumn<readonly string[]>(
  'task.readers',
  only(() => z.array(z.string())),
);
export const TASK_SOURCE = defineJsonColumn<TaskSource>(
  'task.source',
  only(() =>
    z.looseObject({
      version: version(),
      files: z
        .array(z.looseObject({ name: z.string(), path: z.string(), bytes: count, digest: z.string() }))
        .optional(),
      parts: z
        .array(z.looseObject({ from: cursor(), until: cursor().nullable(), start: z.number(), bytes: z.number() }))
        .optional(),
    }),
  ),
);
export const TASK_COUNTS = defineJsonColumn<StageCounts>(
  'task.counts',
  only(() => z.looseObject({ read: count, filtered: count, duplicates: count, rejected: count, staged: count })),
);
export const TASK_FETCH_WARNINGS = defineJsonColumn<Readonly<Record<string, WarningCount>>>(
  'task.fetch_warnings',
  only(warnings),
);
export const TASK_WARNINGS = defineJsonColumn<Readonly<Record<string, WarningCount>>>('task.warnings', only(warnings));
export const TASK_TARGETS = defineJsonColumn<Readonly<Record<string, TargetCounts>>>(
  'task.targets',
  only(() => z.record(z.string(), targetCounts())),
);
export const TASK_TRIPS = defineJsonColumn<readonly GuardTrip[]>(
  'task.trips',
  only(() => z.array(z.looseObject({ guard: z.string(), message: z.string() }))),
);
export const PARTITION_CURSOR = defineJsonColumn<Cursor>('partition.cursor', only(cursor));
export const PARTITION_TALLY = defineJsonColumn<Tally>(
  'partition.tally',
  only(() =>
    z.looseObject({
      ...{ read: count, filtered: count, rejected: count, staged: count, known: count, rejectedWithoutId: count },
      filteredBy: numbers(),
      rejectedBy: numbers(),
      warnings: warnings(),
      filled: numbers(),
      selected: numbers().optional(),
    }),
  ),
);
export const PUBLICATION_COUNTS = defineJsonColumn<TargetCounts>('publication.counts', only(targetCounts));
export const PUBLICATION_ERROR = defineJsonColumn<RunFailure>('publication.error', only(failureSchema));
export const VERIFICATION_COUNTS = defineJsonColumn<DriftCounts>(
  'verification.counts',
  only(() => z.looseObject({ compared: count, missing: count, changed: count, foreign: count.nullable() })),
);
export const DRIFT_DETAILS = defineJsonColumn<Omit<DriftFinding, 'id' | 'kind'>>(
  'drift.details',
  only(() => z.looseObject({ fields: z.array(z.looseObject({ pointer: z.string() })), more: count })),
);
export const IMPACT_RESULT = defineJsonColumn<Impact>(
  'impact.result',
  only(() =>
    z.looseObject({
      ...{ target: z.string(), affected: count, asked: count, records: count, is_exact: z.boolean() },
      cited: z.array(z.looseObject({ id: z.string(), kind: z.string(), records: count, first: z.array(any()) })),
      failure: failureSchema().optional(),
    }),
  ),
);
export const NOTICE_FAILURE = defineJsonColumn<RunFailure>('notice.failure', only(failureSchema));
export const ATTEMPT_ERROR = defineJsonColumn<RunFailure>('step_attempt.error', only(failureSchema));
export const LOG_FIELDS = defineJsonColumn<Readonly<Record<string, unknown>>>('run_log.fields', only(any));
export const LAYER_OWNS = defineJsonColumn<readonly string[]>(
  'layer.owns',
  only(() => z.array(z.string())),
  { owner: 'target' },
);
export const CHANGE_NOTES = defineJsonColumn<Notes>(
  'change.notes',
  only(() => z.looseObject({ status: z.string(), successors: z.array(z.looseObject({ id: z.string() })).optional() })),
);
