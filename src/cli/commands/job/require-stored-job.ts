/** Finds a stored job by its name, or throws an error that lists the stored jobs. */
import { ConfigError } from '../../../errors.ts';
import { didYouMean, suggest } from '../../../job/check/suggest.ts';
import { findStoredJob, listStoredJobs, type StoredJob } from '../../../postgres/ledger/job-rows.ts';
import { findDeletion } from '../../../postgres/ledger/job-versions.ts';
import type { Pool } from '../../../postgres/pool.ts';

const MOST_NAMES = 20;

/** Throws ConfigError E_JOB_NOT_FOUND. */
export async function requireStoredJob(pool: Pool, name: string): Promise<StoredJob> {
  const found = await findStoredJob(pool, name);
  if (found !== undefined) return found;
  throw await storedJobNotFound(pool, name);
}

export async function storedJobNotFound(pool: Pool, name: string): Promise<ConfigError> {
  const names = (await listStoredJobs(pool)).map(({ id }) => id);
  const deletion = await findDeletion(pool, name);
  const nearest = suggest(name, names);
  const gone =
    deletion === undefined ? '' : ` (${deletion.by ?? 'somebody'} deleted it at ${deletion.at.toISOString()})`;
  const some = names.length > MOST_NAMES ? `${names.slice(0, MOST_NAMES).join(', ')}, …` : names.join(', ');
  const hint = nearest === undefined ? `. Stored jobs: ${names.length === 0 ? 'none' : some}.` : didYouMean(nearest);
  return new ConfigError('E_JOB_NOT_FOUND', `Expected a stored job "${name}", found none${gone}${hint}`, {
    details: { name, ...(nearest === undefined ? {} : { suggestion: nearest }) },
  });
}
