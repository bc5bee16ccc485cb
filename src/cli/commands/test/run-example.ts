/** Runs the input of one example through its job, as `preview` does, and compares the result. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createBundles } from '../../../bundle/create-bundles.ts';
import type { Catalog } from '../../../component/catalog.ts';
import { ConfigError, VocabSyncError } from '../../../errors.ts';
import { createEffectiveJob } from '../../../job/effective/effective-job.ts';
import type { CommandContext } from '../../command-context.ts';
import { readTask } from '../preview/preview-task.ts';
import { compareExample, type Difference, type Outcome } from './compare-example.ts';
import type { Example } from './read-examples.ts';
import { replayAnswers } from './replay-answers.ts';

/** The most entries of an example. A dump is not an example. */
const MOST_ENTRIES = 10_000;

/**
 * Codes of an example that cannot be used. Other errors of a replay are those of the reader, which an example may
 * expect.
 */
const UNUSABLE: readonly string[] = ['E_JOB_INVALID', 'E_EXAMPLE_INVALID'];

export interface TestedFile {
  /** The text of the job. */
  readonly config: string;
  readonly file: string;
}

/** Returns what differs. Throws ConfigError for a job or an input that cannot be used. */
export async function runExample(
  context: CommandContext,
  catalog: Catalog,
  { config, file }: TestedFile,
  example: Example,
): Promise<readonly Difference[]> {
  const directory = await mkdtemp(join(tmpdir(), 'vocab-sync-test-'));
  const replay =
    example.answers === undefined ? undefined : replayAnswers(example.answers, `"${example.title}" of ${file}`);
  try {
    const input = await inputOf(example, directory, file);
    const { job } = await createEffectiveJob({
      config,
      file,
      catalog,
      ...(input === undefined ? {} : { input }),
      ...(example.args === undefined ? {} : { args: example.args }),
    });
    const outcome: Outcome = { entries: [], warnings: new Set(), error: undefined };
    const options = {
      since: undefined,
      areSecretsKnown: false,
      ...(example.task === undefined ? {} : { task: example.task }),
      ...(example.records === undefined ? {} : { records: example.records }),
      ...(replay === undefined ? {} : { services: { ...replay.services, bundles: createBundles(directory) } }),
    };
    try {
      await readTask(context, catalog, job, options, {
        take(entry) {
          if (outcome.entries.length >= MOST_ENTRIES) throw tooMany(example, file);
          outcome.entries.push(entry);
          return undefined;
        },
        warn: ({ code }) => outcome.warnings.add(code),
      });
    } catch (error) {
      if (!(error instanceof VocabSyncError)) throw error;
      if (replay === undefined ? error instanceof ConfigError : UNUSABLE.includes(error.code)) throw error;
      if (replay?.isOver(error) !== true) outcome.error = { code: error.code, message: error.message };
    }
    return [...(replay?.differences() ?? []), ...compareExample(example, outcome)];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The readers do not run for `records`, so any file may replace the source. */
async function inputOf({ text, encoding, file, answers }: Example, directory: string, job: string) {
  if (answers !== undefined) return undefined;
  if (text === undefined) return { path: file ?? job, name: basename(file ?? job) };
  const path = join(directory, 'input');
  await writeFile(path, Buffer.from(text, encoding === 'latin-1' ? 'latin1' : (encoding ?? 'utf-8')));
  return { path, name: 'input' };
}

function tooMany({ title }: Example, file: string): ConfigError {
  const message = `Expected at most ${String(MOST_ENTRIES)} entries in the example "${title}" of ${file}, found more.`;
  return new ConfigError('E_EXAMPLE_INVALID', message);
}
