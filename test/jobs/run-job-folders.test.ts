/**
 * The shipped jobs on small inputs, record for record: the input of a folder goes through the chain of the job of its
 * name. `vitest -u` writes the results of a job again. Read the difference before you commit it.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { runJobFolder } from '../support/run-job-folder.ts';

const shipped = readdirSync(join(findPackageRoot(), 'config', 'jobs'))
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -'.json'.length));
const folderOf = (job: string): string => join(import.meta.dirname, job);
const isThere = (job: string): boolean => existsSync(join(folderOf(job), 'input'));

const toLines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('');

describe.each(shipped.filter(isThere))('%s', (job) => {
  const golden = (name: string): string => join(folderOf(job), name);

  it('makes of its input what is expected, and says why it rejects the rest', async () => {
    const { published, rejected, report } = await runJobFolder(job, folderOf(job));
    await expect(toLines(published)).toMatchFileSnapshot(golden('expected.jsonl'));
    await expect(toLines(rejected.map((entry) => JSON.stringify(entry)))).toMatchFileSnapshot(golden('rejected.jsonl'));
    await expect(`${JSON.stringify(report, null, 2)}\n`).toMatchFileSnapshot(golden('report.json'));
  });
});

it('there is a folder for each shipped job, and no other', () => {
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  expect(folders.filter((name) => !shipped.includes(name))).toEqual([]);
  expect(shipped.filter((job) => !isThere(job))).toEqual([]);
});
