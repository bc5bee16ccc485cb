/** A shipped job over the input of its folder: read, transform and check as a run would, without a server. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { catalog } from '../../src/cli/catalog.ts';
import { jobFromConfig } from '../../src/job/effective/effective-job.ts';
import type { Task } from '../../src/job/schema/job.ts';
import type { JsonObject } from '../../src/records/json-object.ts';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { parseChain, type ParsedChain } from '../../src/job/effective/parse-chain.ts';
import { loadRecordSchema } from '../../src/job/schema/record-schema.ts';
import { originOf, readChain } from '../../src/pipeline/stage/read-chain.ts';
import { tallyItemWarning, tallyResult, transformItem } from '../../src/pipeline/stage/transform-items.ts';
import { formatOrigin } from '../../src/records/origin.ts';
import { createTally, tallyWarning, toStageCounts } from '../../src/records/tally.ts';
import { fileResource } from '../../src/spool/file-resource.ts';
import { packInput, readInputFiles, type PackedFile } from './pack-input.ts';
import { testServices } from './read-resource.ts';
import { silentLogger } from './silent-logger.ts';

export interface JobFolderResult {
  /** The records as JSON text, of several with one id the last, in order of their first place. */
  readonly published: readonly string[];
  readonly rejected: readonly unknown[];
  readonly report: unknown;
}

/** `folder` holds `input/`. A job of several tasks runs its first. */
export function runJobFolder(job: string, folder: string): Promise<JobFolderResult> {
  return runJobOn(job, readInputFiles(join(folder, 'input')));
}

/** The files are not packed yet. */
export async function runJobOn(job: string, files: readonly PackedFile[]): Promise<JobFolderResult> {
  const directory = mkdtempSync(join(tmpdir(), 'vocab-sync-job-'));
  try {
    const { task, chain } = loadTask(job);
    const resources = packInput(files, containersOf(chain)).map(({ name, content }, i) => {
      const path = join(directory, `${String(i)}-${basename(name)}`);
      writeFileSync(path, content);
      return fileResource({ name, path, bytes: content.length, digest: '' });
    });
    const source = { type: chain.source.reader.type, resources };
    return await readAll(task, chain, source);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The files as the source of the job delivers them. */
export function packForJob(job: string, files: readonly PackedFile[]): readonly PackedFile[] {
  return packInput(files, containersOf(loadTask(job).chain));
}

function containersOf(chain: ParsedChain): readonly string[] {
  return chain.links.slice(0, -1).map(({ reader }) => reader.type);
}

function loadTask(job: string): { readonly task: Task; readonly chain: ParsedChain } {
  const path = join(findPackageRoot(), 'config', 'jobs', `${job}.json`);
  const [task] = jobFromConfig(JSON.parse(readFileSync(path, 'utf8')) as JsonObject, catalog).tasks;
  if (task === undefined) throw new Error(`${job} has no task`);
  return { task, chain: parseChain(task, catalog, () => 'a secret') };
}

async function readAll(
  task: Task,
  chain: ParsedChain,
  source: Parameters<typeof readChain>[0]['source'],
): Promise<JobFolderResult> {
  const items = {
    transforms: chain.transformers.map(({ transformer, args }) => transformer.create(args, { logger: silentLogger() })),
    check: task.vocabulary === undefined ? undefined : loadRecordSchema(task.vocabulary),
  };
  const tally = createTally();
  const published = new Map<string, string>();
  const rejected: unknown[] = [];
  const batches = readChain({
    source,
    links: chain.links,
    signal: new AbortController().signal,
    services: testServices(),
    since: undefined,
    warn: ({ code, message }) => {
      tallyWarning(tally, code, message);
    },
  });
  for await (const batch of batches) {
    for (const item of batch.items) {
      const origin = originIn(formatOrigin(originOf(batch, item)));
      const result = transformItem(
        item,
        items,
        () => origin,
        (warning) => {
          tallyItemWarning(tally, warning, origin);
        },
      );
      tallyResult(tally, result, []);
      if (result.kind === 'staged') published.set(result.document.id, result.document.json);
      if (result.kind === 'rejected') {
        const { code, message, recordId } = result.rejection;
        rejected.push({ origin, code, message, id: recordId ?? null });
      }
    }
  }
  const counts = toStageCounts(tally, tally.staged - published.size);
  const { rejectedBy, filteredBy, warnings } = tally;
  return { published: [...published.values()], rejected, report: { counts, rejectedBy, filteredBy, warnings } };
}

/** Without the step of the source where others follow: the name of what was packed here says nothing. */
function originIn(origin: string): string {
  const [, ...inner] = origin.split(' > ');
  return inner.length > 1 ? inner.join(' > ') : origin;
}
