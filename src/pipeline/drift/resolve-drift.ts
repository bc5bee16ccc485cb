/** The special steps at the start of a run that verifies, repairs or adopts. */
import { ConfigError } from '../../errors.ts';
import { parseWriters } from '../../job/effective/parse-chain.ts';
import type { Job } from '../../job/schema/job.ts';
import type { NewTask, RunRow } from '../../postgres/ledger/run-rows.ts';
import { isDriftMode, type RunMode, type RunRequest } from '../../records/run.ts';
import type { Engine } from '../engine.ts';
import { openTarget, selectTargets, type OpenTarget } from '../open-task.ts';
import type { FrozenSince } from '../resolve/freeze-since.ts';
import { describeChain } from '../resolve/tasks-of-run.ts';

/** An adoption reads the source in any case. */
export function withForce(request: RunRequest): RunRequest {
  return request.mode === 'adopt' ? { ...request, force: true } : request;
}

/** What the run is called in lists. */
export function titleOf(mode: RunMode | undefined, job: string): string {
  if (!isDriftMode(mode)) return job;
  return `${{ verify: 'Verification', resync: 'Repair', adopt: 'Adoption' }[mode]} of ${job}`;
}

/** Undefined for a run of another mode. */
export function sinceOfDrift(mode: RunMode | undefined): FrozenSince | undefined {
  if (!isDriftMode(mode)) return undefined;
  const [reason, hold] = SINCE[mode];
  return { time: undefined, origin: undefined, reason, hold };
}

const SINCE = {
  verify: ['a verification reads targets, no source', 'it was a verification'],
  resync: ['a repair reads targets, no source', 'it was a repair of its targets'],
  adopt: ['an adoption reads everything', 'it was an adoption'],
} as const;

/**
 * The tasks with at least one target that the run is about. Their digest matches no chain, so the next run reads its
 * source. Undefined for a run of another mode. Throws ConfigError E_DRIFT_REFUSED if there is no such task.
 */
export async function tasksOfDrift(
  engine: Engine,
  job: Job,
  request: RunRequest,
): Promise<readonly NewTask[] | undefined> {
  const { mode } = request;
  if (!isDriftMode(mode)) return undefined;
  const opened = await Promise.all(
    job.tasks.map(async (task) => ({ task, targets: await targetsOf(engine, job, task) })),
  );
  const tasks = opened
    .filter(({ targets }) => selectTargets({ mode, request }, targets).length > 0)
    .map(({ task }) => task);
  if (tasks.length === 0)
    throw noTarget(
      job,
      request,
      opened.flatMap(({ targets }) => targets),
    );
  return tasks.map((task) => ({
    name: task.name,
    chain: describeChain(task),
    readers: task.readers.map(({ type }) => type),
    digest: mode,
  }));
}

/** The names of the targets that `verifyTarget` is called for. */
export async function driftTargets(
  engine: Engine,
  run: RunRow,
  job: Job,
  name: string,
): Promise<{ readonly targets?: readonly string[] }> {
  const task = isDriftMode(run.mode) ? job.tasks.find((one) => one.name === name) : undefined;
  if (task === undefined) return {};
  return { targets: selectTargets(run, await targetsOf(engine, job, task)).map(({ target }) => target.name) };
}

async function targetsOf(
  { catalog, resolveSecret }: Engine,
  { id }: Job,
  task: Job['tasks'][number],
): Promise<readonly OpenTarget[]> {
  return (await parseWriters(task, catalog, resolveSecret)).map(({ writer, args, layer }) => ({
    ...openTarget(writer, args, id),
    isLayer: layer !== undefined,
  }));
}

function noTarget(job: Job, { mode, target }: RunRequest, targets: readonly OpenTarget[]): ConfigError {
  const names = [...new Set(targets.map((one) => one.target.name))].join(', ');
  const tables = targets.filter(({ changes, snapshot }) => changes === undefined && snapshot === undefined);
  const isTable = mode !== 'verify' && tables.some((one) => target === undefined || one.target.name === target);
  const wanted = targets.filter((one) => target === undefined || one.target.name === target);
  const isLayer = mode !== 'adopt' && wanted.length > 0 && wanted.every((one) => one.isLayer === true);
  const why = isLayer
    ? `it only adds a layer to the records of ${names}. Use the job that makes these records: it compares them with everything that layers add`
    : isTable
      ? mode === 'adopt'
        ? 'only targets outside of the database can be adopted'
        : `a table of the database is repaired by a run that reads the source: vocab-sync run ${job.id} --force`
      : `it has ${names}`;
  return new ConfigError(
    'E_DRIFT_REFUSED',
    `Expected job ${job.id} to have ${target === undefined ? 'such a target' : `the target ${target}`}, but ${why}.`,
    { details: { job: job.id, ...(target === undefined ? {} : { target }) } },
  );
}
