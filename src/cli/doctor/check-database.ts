/** Checks the database: reachable, new enough, migrated. Does not start the embedded one. */
import { knownError } from '../../../activities/known-error.ts';
import { messageOf, VocabSyncError } from '../../errors.ts';
import { findNativeBinaries } from '../../embedded/native-binaries.ts';
import { redact } from '../../logging/redact.ts';
import { USE_UTF8, encodingProblem } from '../../postgres/encoding.ts';
import { pendingMigrations } from '../../postgres/migrate.ts';
import { listFutureWatermarks } from '../../postgres/ledger/watermark.ts';
import { openPool, type Pool } from '../../postgres/pool.ts';
import type { Settings } from '../../settings.ts';
import { shownUrl } from '../../settings/server-url.ts';
import { formatNumber } from '../render/format-number.ts';
import { fail, ok, warn, type DoctorFinding } from './finding.ts';

/** The oldest release for which the PostgreSQL project still publishes fixes. */
const OLDEST_SERVER = 14;

export async function checkDatabase({ databaseUrl }: Settings): Promise<readonly DoctorFinding[]> {
  if (databaseUrl === undefined) return [lookAtEmbedded()];
  const pool = openPool({ url: databaseUrl, applicationName: 'vocab-sync doctor', max: 1 });
  try {
    const migrations = await lookAtMigrations(pool);
    const watermarks = migrations.status === 'ok' ? await lookAtWatermarks(pool) : [];
    return [await lookAtServer(pool), migrations, ...watermarks];
  } catch (error) {
    const known = error instanceof VocabSyncError ? error : knownError(error);
    const remedy =
      known?.kind === 'unavailable'
        ? 'Start the database, or check host and port in DATABASE_URL.'
        : 'Check DATABASE_URL: user, password, database name.';
    return [
      fail('database', `${redact(shownUrl(databaseUrl))} cannot be used: ${redact(messageOf(known ?? error))}`, remedy),
    ];
  } finally {
    await pool.end();
  }
}

async function lookAtServer(pool: Pool): Promise<DoctorFinding> {
  const { rows } = await pool.query<{
    version: string;
    number: number;
    database: string;
    may: boolean;
    encoding: string;
    standby: boolean;
  }>(
    `SELECT current_setting('server_encoding') AS encoding, pg_is_in_recovery() AS standby, current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
       current_database() AS database, has_database_privilege(current_database(), 'CREATE') AS may`,
  );
  const [row] = rows;
  if (row === undefined) return fail('database', 'The database does not answer a simple query.', 'Look at its log.');
  const text = `PostgreSQL ${row.version}, database ${row.database}`;
  if (row.number < OLDEST_SERVER * 10_000)
    return fail('database', `${text} is too old.`, `Use PostgreSQL ${String(OLDEST_SERVER)} or later.`);
  if (row.encoding !== 'UTF8') return fail('database', `${text}: ${encodingProblem(row.encoding)}`, USE_UTF8);
  if (row.standby)
    return fail(
      'database',
      `${text} is a standby server and accepts no writes.`,
      'Let DATABASE_URL name the primary server.',
    );
  if (!row.may)
    return fail(
      'database',
      `${text}: this user may not create schemas in it.`,
      `GRANT CREATE ON DATABASE ${row.database} TO the user.`,
    );
  return ok('database', text);
}

async function lookAtMigrations(pool: Pool): Promise<DoctorFinding> {
  const pending = await pendingMigrations(pool);
  if (pending.length === 0) return ok('migrations', 'none pending');
  return warn(
    'migrations',
    `${formatNumber(pending.length)} pending, ${listed(pending)}`,
    'Run `vocab-sync migrate`, or start a worker, which does the same.',
  );
}

/** A new database lacks all of them. */
function listed(names: readonly string[]): string {
  return names.length > 3 ? `${names[0] ?? ''} to ${names.at(-1) ?? ''}` : names.join(', ');
}

async function lookAtWatermarks(pool: Pool): Promise<readonly DoctorFinding[]> {
  return (await listFutureWatermarks(pool)).map(({ job, time }) =>
    fail(
      'watermark',
      `The watermark of ${job} is in the future (${time.toISOString()}), so its runs are refused.`,
      `Run \`vocab-sync watermark ${job} set TIME\`, or \`clear\`. Compare the clocks of the workers and the database.`,
    ),
  );
}

function lookAtEmbedded(): DoctorFinding {
  try {
    findNativeBinaries();
    return ok('database', 'DATABASE_URL is not set; `vocab-sync dev` would start its own PostgreSQL');
  } catch (error) {
    return fail(
      'database',
      `The embedded PostgreSQL cannot be used: ${messageOf(error)}`,
      'Run `npm ci` again, or set DATABASE_URL.',
    );
  }
}
