/**
 * Lists the names of jobs for completion: files and, if a database is configured, stored jobs. Starts and changes
 * nothing.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { findRunningServers } from '../../embedded/running-servers.ts';
import { jobDirectories, listJobs } from '../../job/job-files.ts';
import { listJobIds } from '../../postgres/ledger/job-rows.ts';
import { openPool } from '../../postgres/pool.ts';
import { loadSettings } from '../../settings.ts';
import { takeEnvFile } from '../run-cli.ts';

/** A database that is slower than this is not waited for: the tab key must not hang. */
const PATIENCE_MILLISECONDS = 1000;

export async function jobNames(cwd: string, words: readonly string[]): Promise<readonly string[]> {
  const files = listJobs(jobDirectories(cwd)).then((jobs) => jobs.map(({ name }) => name));
  const stored = storedNames(cwd, words);
  const found = await Promise.all([files, stored].map((names) => names.catch(() => [])));
  return [...new Set(found.flat())].sort();
}

async function storedNames(cwd: string, words: readonly string[]): Promise<readonly string[]> {
  const { envFile } = takeEnvFile(words);
  const settings = loadSettings(undefined, cwd, { envFile });
  const url = settings.databaseUrl ?? findRunningServers(settings.home).database?.url;
  if (url === undefined) return [];
  const pool = openPool({ url, applicationName: 'vocab-sync completion', max: 1 });
  const names = listJobIds(pool).finally(() => pool.end());
  names.catch(() => undefined);
  return Promise.race([names, delay(PATIENCE_MILLISECONDS, [])]);
}
