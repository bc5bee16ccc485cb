/** A shipped job over the input of its folder: read, transform and check as a run would, without a server. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { catalog } from '../../src/cli/catalog.ts';
import { checkJob } from '../../src/job/check/check-job.ts';
import type { Warning } from '../../src/component/reader.ts';
import type { Task } from '../../src/job/schema/job.ts';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { parseChain, type ParsedChain } from '../../src/job/effective/parse-chain.ts';
import { loadRecordSchema } from '../../src/job/schema/record-schema.ts';
import type { JsonObject } from '../../src/records/json-object.ts';
import { originOf, readChain } from '../../src/pipeline/stage/read-chain.ts';
import {
  tallyItemWarning,
  tallyResult,
  transformItem,
  type ItemResult,
} from '../../src/pipeline/stage/transform-items.ts';
import type { ReadItem } from '../../src/records/entry.ts';
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

/** `folder` holds `input/`. */
export function runJobFolder(job: string, folder: string): Promise<JobFolderResult> {
  return runJobOn(job, readInputFiles(join(folder, 'input')));
}

/** The files are not packed yet. */
export async function runJobOn(job: string, files: readonly PackedFile[]): Promise<JobFolderResult> {
  const tally = createTally();
  const published = new Map<string, string>();
  const rejected: unknown[] = [];
  const outcomes = runConfigOn(configOf(job), files, ({ code, message }) => {
    tallyWarning(tally, code, message);
  });
  for await (const { result, origin, warnings } of outcomes) {
    for (const warning of warnings) tallyItemWarning(tally, warning, origin);
    tallyResult(tally, result, []);
    if (result.kind === 'staged') published.set(result.document.id, result.document.json);
    if (result.kind === 'rejected') {
      const { code, message, recordId } = result.rejection;
      rejected.push({ origin, code, message, id: recordId ?? null });
    }
  }
  const counts = toStageCounts(tally, tally.staged - published.size);
  const { rejectedBy, filteredBy, warnings } = tally;
  return { published: [...published.values()], rejected, report: { counts, rejectedBy, filteredBy, warnings } };
}

export interface ItemOutcome {
  readonly item: ReadItem;
  readonly origin: string;
  readonly result: ItemResult;
  /** Those about the item itself. */
  readonly warnings: readonly Warning[];
}

/** What becomes of each item, in the order of the source. `warn` receives what readers report. The files are packed here, unless `isPacked`. */
export async function* runConfigOn(
  config: JsonObject,
  files: readonly PackedFile[],
  warn: (warning: Warning) => void,
  isPacked = false,
): AsyncGenerator<ItemOutcome, void, undefined> {
  const directory = mkdtempSync(join(tmpdir(), 'vocab-sync-job-'));
  try {
    const { task, chain } = await loadTask(config);
    const resources = packInput(files, isPacked ? [] : containersOf(config)).map(({ name, content }, i) => {
      const path = join(directory, `${String(i)}-${basename(name)}`);
      writeFileSync(path, content);
      return fileResource({ name, path, bytes: content.length, digest: '' });
    });
    const source = { type: chain.source.reader.type, resources };
    yield* readAll(task, chain, source, warn);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The files as the source of the job delivers them. */
export function packForJob(job: string, files: readonly PackedFile[]): readonly PackedFile[] {
  return packInput(files, containersOf(configOf(job)));
}

function containersOf(config: JsonObject): readonly string[] {
  const { readers } = config as unknown as { readonly readers: readonly { readonly type: string }[] };
  return readers.slice(1, -1).map(({ type }) => type);
}

/** The config of a shipped job. */
function configOf(job: string): JsonObject {
  const path = join(findPackageRoot(), 'config', 'jobs', `${job}.json`);
  return JSON.parse(readFileSync(path, 'utf8')) as JsonObject;
}

async function loadTask(config: JsonObject): Promise<{ readonly task: Task; readonly chain: ParsedChain }> {
  const { job } = await checkJob(config, { catalog });
  const [task] = job?.tasks ?? [];
  if (task === undefined) throw new Error('the job has no task');
  return { task, chain: await parseChain(task, catalog, () => 'a secret') };
}

async function* readAll(
  task: Task,
  chain: ParsedChain,
  source: Parameters<typeof readChain>[0]['source'],
  warn: (warning: Warning) => void,
): AsyncGenerator<ItemOutcome, void, undefined> {
  const items = {
    transforms: chain.transformers.map(({ transformer, args }) => transformer.create(args, { logger: silentLogger() })),
    check: task.vocabulary === undefined ? undefined : loadRecordSchema(task.vocabulary),
  };
  const batches = readChain({
    source,
    links: chain.links,
    signal: new AbortController().signal,
    services: testServices(),
    since: undefined,
    warn,
  });
  for await (const batch of batches) {
    for (const item of batch.items) {
      const origin = originIn(formatOrigin(originOf(batch, item)));
      const warnings: Warning[] = [];
      const result = transformItem(
        item,
        items,
        () => origin,
        (warning) => {
          warnings.push(warning);
        },
      );
      yield { item, origin, result, warnings };
    }
  }
}

/** Without the step of the source where others follow: the name of what was packed here says nothing. */
function originIn(origin: string): string {
  const [, ...inner] = origin.split(' > ');
  return inner.length > 1 ? inner.join(' > ') : origin;
}
