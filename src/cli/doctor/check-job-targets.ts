/** Checks whether the targets of a job can be written from here, as a run does before it reads its source. */
import type { Catalog } from '../../component/catalog.ts';
import type { Logger } from '../../component/services.ts';
import { parseWriters } from '../../job/effective/parse-chain.ts';
import { VocabSyncError, messageOf } from '../../errors.ts';
import { preflightTargets } from '../../pipeline/fetch/preflight-targets.ts';
import { applyMigrations } from '../../postgres/migrate.ts';
import { openPool } from '../../postgres/pool.ts';
import type { Settings } from '../../settings.ts';
import { findKnownJob } from '../commands/job/find-known-job.ts';
import { fillRemedy } from '../fill-remedy.ts';
import { composeSecrets, composeServices } from '../servers/compose-services.ts';
import { fail, ok, type DoctorFinding } from './finding.ts';

/** The time limit for one target. */
const LONGEST_LOOK_MS = 30_000;

const nothing = (): void => undefined;
/** Everything that matters is a finding. */
const QUIET: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export async function checkJobTargets(
  settings: Settings,
  cwd: string,
  catalog: Catalog,
  name: string,
): Promise<readonly DoctorFinding[]> {
  if (settings.databaseUrl === undefined) {
    return [
      fail(
        `job ${name}`,
        'There is no database to look at its targets.',
        'Set DATABASE_URL, or start `vocab-sync dev`.',
      ),
    ];
  }
  const pool = openPool({ url: settings.databaseUrl, applicationName: 'vocab-sync doctor', max: 1 });
  try {
    await applyMigrations(pool);
    const job = await findKnownJob({ cwd }, pool, catalog, name);
    const services = composeServices(settings, QUIET);
    const findings: DoctorFinding[] = [];
    for (const task of job.tasks) {
      for (const one of await parseWriters(task, catalog, composeSecrets(settings.variable))) {
        const subject = `job ${job.id}`;
        const target = one.writer.targetName(one.args);
        findings.push(
          await preflightTargets({ pool, services }, job.id, [one], AbortSignal.timeout(LONGEST_LOOK_MS)).then(
            () => ok(subject, `${target} can be written`),
            (error: unknown) => failed(subject, job.id, error),
          ),
        );
      }
    }
    return findings;
  } catch (error) {
    return [failed(`job ${name}`, name, error)];
  } finally {
    await pool.end();
  }
}

function failed(subject: string, job: string, error: unknown): DoctorFinding {
  const remedy =
    error instanceof VocabSyncError ? fillRemedy(error.code, { job, ...error.details }) : 'Look at the error.';
  return fail(subject, messageOf(error), remedy);
}
