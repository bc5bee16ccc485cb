/**
 * Asks targets how many records of their repository refer to what a run withdraws, renames or finds no longer in use.
 * Publishes nothing. A target that cannot be asked is reported, so that one target's trouble stays its own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangesWriter } from '../../component/writer.ts';
import { ConfigError, UnavailableError, VocabSyncError, componentFailure } from '../../errors.ts';
import { parseWriters } from '../../job/effective/parse-chain.ts';
import { redactClipped } from '../../logging/redact.ts';
import { saveImpact, saveTrips } from '../../postgres/ledger/impacts.ts';
import { jobOfRun } from '../../postgres/ledger/job-of-run.ts';
import { findRun, requireTask, type RunRow } from '../../postgres/ledger/run-rows.ts';
import { readAffected, type AffectedPage } from '../../postgres/publish/affected-records.ts';
import { summariseImpact, type Impact } from '../../records/impact.ts';
import type { GuardTrip } from '../../records/run.ts';
import type { Engine } from '../engine.ts';
import { openTarget, type OpenTarget } from '../open-task.ts';
import { createTurns } from '../publish/create-turns.ts';
import type { ImpactInput, MeasuredImpact, StepContext } from '../run-steps.ts';

/** The default number of records to look up in a target. */
const MOST_ASKED = 200;
/** How many records of the repository are listed for each. */
const EXAMPLES = 3;

/** Throws ConfigError E_REFERENCES_UNKNOWN if the named target cannot count references. The failure of a target is reported. */
export async function measureImpact(engine: Engine, input: ImpactInput, context: StepContext): Promise<MeasuredImpact> {
  const run = await findRun(engine.pool, input.run);
  if (run === undefined) throw new ConfigError('E_RUN_NOT_FOUND', `Run ${input.run} is not in the ledger.`);
  const row = await requireTask(engine.pool, input.run, input.task);
  const job = jobOfRun(run);
  const task = job.tasks.find(({ name }) => name === input.task);
  if (task === undefined) throw new ConfigError('E_RUN_NOT_FOUND', `Run ${run.id} has no task ${input.task}.`);
  const writers = await parseWriters(task, engine.catalog, engine.resolveSecret);
  const targets = writers.map(({ writer, args }) => openTarget(writer, args, run.job_id));
  const most = input.most ?? job.impact?.most_records ?? MOST_ASKED;
  const impacts: Impact[] = [];
  for (const [ordinal, open] of targets.entries()) {
    const { target, changes } = open;
    if (changes === undefined || (input.target !== undefined && input.target !== target.name)) continue;
    const affected = await readAffected(engine.pool, row, { target, ordinal }, { limit: most });
    const impact = await ask(engine, run, { ...open, changes }, affected, input, context);
    if (impact === undefined) continue;
    await saveImpact(engine.pool, row, impact);
    impacts.push(impact);
  }
  if (input.target !== undefined && impacts.length === 0) throw unknown(input.target);
  const limit = run.mode === 'retry' ? undefined : task.guards.max_impact;
  const trips = input.target === undefined && limit !== undefined ? tripImpact(limit, impacts) : [];
  if (input.target === undefined) await saveTrips(engine.pool, row, GUARD, trips);
  return { impacts: impacts.map(summariseImpact), trips };
}

type ChangesTarget = OpenTarget & { readonly changes: { readonly writer: ChangesWriter; readonly args: unknown } };

/** Returns undefined if the target cannot count references. Its failure is part of the result. */
async function ask(
  engine: Engine,
  run: RunRow,
  { target, changes }: ChangesTarget,
  affected: AffectedPage,
  { task }: ImpactInput,
  context: StepContext,
): Promise<Impact | undefined> {
  const { writer, args } = changes;
  const { signal } = context;
  const { logger, services } = engine;
  const turn = createTurns(writer.limits(args).requestsPerSecond, signal);
  const about = { run: run.id, job: run.job_id, task };
  const count = writer.countReferences?.(args, { ...about, signal, api: services.api, logger, turn });
  if (count === undefined) return undefined;
  const ids = affected.records.map(({ id }) => id);
  const base = {
    ...{ target: target.name, affected: affected.total, asked: ids.length },
    ...{ records: 0, is_exact: true, cited: [], measured_at: new Date().toISOString() },
  };
  if (ids.length === 0) return base;
  const onProgress = (done: number): void => {
    context.onProgress({ step: 'impact', position: target.name, done, total: ids.length });
  };
  try {
    const found = await patiently(signal, () => count(ids, { examples: EXAMPLES, onProgress }));
    const cited = affected.records.flatMap((record) => {
      const one = found.byId.get(record.id);
      return one === undefined ? [] : [{ ...record, ...one }];
    });
    cited.sort((a, b) => b.records - a.records || (a.id < b.id ? -1 : 1));
    return { ...base, records: found.records, is_exact: found.isExact, cited };
  } catch (thrown) {
    signal.throwIfAborted();
    const failure = componentFailure(`writer "${writer.type}"`, thrown);
    if (!(failure instanceof VocabSyncError)) throw failure;
    logger.warn('The impact on a target could not be measured.', { ...about, target: target.name, error: failure });
    return { ...base, failure: { code: failure.code, message: redactClipped(failure.message, LONGEST_MESSAGE) } };
  }
}

const LONGEST_MESSAGE = 1000;
const TRIES = 4;
const FIRST_PAUSE_MS = 1000;
/** A run waits for its approval in the meantime, so the attempts on a target that is down soon end. */
const LONGEST_PAUSE_MS = 70_000;

/** Tries again while the target is unreachable. */
async function patiently<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (thrown) {
      if (!(thrown instanceof UnavailableError) || tried === TRIES) throw thrown;
      const pause = thrown.retryAfter ?? FIRST_PAUSE_MS * 2 ** tried;
      if (pause > LONGEST_PAUSE_MS) throw thrown;
      await sleep(pause, undefined, { signal });
    }
  }
}

const GUARD = 'max_impact';

/** If the impact could not be measured, the run waits as well, because the number of records is unknown. */
function tripImpact(most: number, impacts: readonly Impact[]): readonly GuardTrip[] {
  if (impacts.length === 0) {
    return [{ guard: GUARD, message: 'Expected a target that can find the records that refer to it, found none.' }];
  }
  return impacts.flatMap(({ target, records, asked, affected, is_exact: isExact, failure }) => {
    if (failure !== undefined) {
      return [
        { guard: GUARD, message: `The impact on ${target} could not be measured: ${failure.code} ${failure.message}` },
      ];
    }
    if (records > most) {
      const found = `${isExact ? '' : 'at most '}${grouped(records)}`;
      return [
        {
          guard: GUARD,
          message: `Expected at most ${grouped(most)} records to refer to what is withdrawn, no longer in use or renamed in ${target}, found ${found}.`,
        },
      ];
    }
    if (asked === affected) return [];
    return [
      {
        guard: GUARD,
        message: `Only ${grouped(asked)} of the ${grouped(affected)} records that are withdrawn, no longer in use or renamed in ${target} were looked up; ${grouped(records)} records refer to these. Raise "most_records" of "impact" to look up all of them.`,
      },
    ];
  });
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

function unknown(target: string): ConfigError {
  return new ConfigError(
    'E_REFERENCES_UNKNOWN',
    `Expected ${target} to be a target of this run that can find the records that refer to its own, found that it cannot.`,
    { details: { target } },
  );
}
