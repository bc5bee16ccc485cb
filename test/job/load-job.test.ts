import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listJobs } from '../../src/job/job-files.ts';
import { assertJob, loadJob } from '../../src/job/load-job.ts';
import { fakeCatalog as catalog } from '../support/fake-components.ts';

const TEXT = JSON.stringify({
  id: 'mine',
  title: 'Mine',
  readers: [{ type: 'file', args: { path: 'x.json' } }, { type: 'json' }],
  writers: [{ type: 'file', args: { path: 'out.jsonl' } }],
});

let folder: string;
let directories: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vocab-sync-jobs-'));
  directories = [join(folder, 'first'), join(folder, 'not-there'), join(folder, 'second')];
  await mkdir(join(folder, 'first'));
  await mkdir(join(folder, 'second'));
  await writeFile(join(folder, 'first', 'mine.json'), TEXT);
  await writeFile(join(folder, 'second', 'mine.json'), '{}');
  await writeFile(join(folder, 'second', 'other-job.json'), TEXT);
  await writeFile(join(folder, 'second', 'notes.txt'), 'not a job');
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('a job is found', () => {
  it('by name, in the first directory that has it', async () => {
    const loaded = await loadJob('mine', { catalog, directories });
    expect(loaded.path).toBe(join(folder, 'first', 'mine.json'));
    expect(loaded.job?.id).toBe('mine');
    expect(loaded.text).toBe(TEXT);
  });

  it('by path, its problems included', async () => {
    const { job, problems } = await loadJob(join(folder, 'second', 'mine.json'), { catalog, directories });
    expect(job).toBeUndefined();
    expect(problems.length).toBeGreaterThan(2);
  });

  it('in the list, once for each name', async () => {
    expect(await listJobs(directories)).toEqual([
      { name: 'mine', path: join(folder, 'first', 'mine.json') },
      { name: 'other-job', path: join(folder, 'second', 'other-job.json') },
    ]);
  });

  it('without the schema that an editor reads beside them', async () => {
    const beside = join(folder, 'beside');
    await mkdir(beside);
    await writeFile(join(beside, 'job.schema.json'), '{ "$schema": "http://json-schema.org/draft-07/schema#" }');
    await writeFile(join(beside, 'mine.json'), TEXT);
    expect((await listJobs([beside])).map(({ name }) => name)).toEqual(['mine']);
  });

  it('among the shipped ones without being told where', async () => {
    expect((await listJobs()).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['ror-affiliations', 'ror-funders']),
    );
  });

  it('or the error says where it was looked for, and what is near', async () => {
    for (const name of ['othr-job', './othr-job.json']) {
      await expect(loadJob(name, { catalog, directories })).rejects.toMatchObject({
        code: 'E_JOB_NOT_FOUND',
        details: { suggestion: 'other-job' },
      });
    }
    await expect(loadJob('zzz', { catalog, directories })).rejects.toThrow(join(folder, 'second', 'zzz.json'));
    await expect(loadJob('zzz', { catalog, directories })).rejects.toThrow('Jobs that are there: mine, other-job.');
  });
});

describe('a job that has to be right', () => {
  it('is given, or every problem is in the error', async () => {
    expect((await assertJob(TEXT, { catalog })).id).toBe('mine');
    const attempt = (): Promise<unknown> => assertJob('{"id": "A B", "titel": ""}', { catalog, file: 'x.json' });
    await expect(attempt()).rejects.toMatchObject({ code: 'E_JOB_INVALID' });
    await expect(attempt()).rejects.toThrow(/The job file x\.json has 5 problems:\n {2}/);
    await expect(attempt()).rejects.toThrow('/id (line 1, column 8): expected 1 to 64 lower-case letters');
  });
});
