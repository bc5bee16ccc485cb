/**
 * The shipped jobs on small inputs, record for record: the input of a folder goes through the chain of the job of its
 * name. `vitest -u` writes what a job makes of it anew; the difference is then read, not believed.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/cli/catalog.ts';
import { jobFromConfig } from '../../src/job/effective-job.ts';
import type { JsonObject } from '../../src/job/json-object.ts';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { parseChain } from '../../src/job/parse-chain.ts';
import { loadRecordSchema } from '../../src/job/record-schema.ts';
import { originOf, readChain } from '../../src/pipeline/read-chain.ts';
import { tallyItemWarning, tallyResult, transformItem } from '../../src/pipeline/transform-items.ts';
import { formatOrigin } from '../../src/records/origin.ts';
import { createTally, toStageCounts } from '../../src/records/tally.ts';
import { fileResource } from '../../src/spool/file-resource.ts';
import { buildZip } from '../support/build-zip.ts';
import { testServices } from '../support/read-resource.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { tempDir } from '../support/temp-dir.ts';

const shippedJobs = readdirSync(join(findPackageRoot(), 'config', 'jobs'))
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -'.json'.length));

function loadTask(job: string) {
  const path = join(findPackageRoot(), 'config', 'jobs', `${job}.json`);
  const parsed = jobFromConfig(JSON.parse(readFileSync(path, 'utf8')) as JsonObject, catalog);
  const [task] = parsed.tasks;
  if (task === undefined) throw new Error(`${job} has no task`);
  return { task, chain: parseChain(task, catalog, () => '') };
}

/** The input of a folder as the dump that the job reads. */
function packInput(job: string) {
  const member = 'v0.0-2026-01-01-ror-data.json';
  const content = readFileSync(join(import.meta.dirname, job, 'input.json'));
  const path = join(tempDir(), 'v0.0-2026-01-01-ror-data.zip');
  const zip = buildZip([{ name: member, content }]);
  writeFileSync(path, zip);
  return fileResource({ name: 'v0.0-2026-01-01-ror-data.zip', path, bytes: zip.length, digest: '' });
}

async function runJob(job: string) {
  const { task, chain } = loadTask(job);
  const items = {
    transforms: chain.transformers.map(({ transformer, args }) => transformer.create(args, { logger: silentLogger() })),
    check: task.vocabulary === undefined ? undefined : loadRecordSchema(task.vocabulary),
  };
  const tally = createTally();
  const published = new Map<string, string>();
  const rejected: unknown[] = [];
  const context = { signal: new AbortController().signal, services: testServices(), since: undefined };
  const source = { type: 'ror-http', resources: [packInput(job)] };
  for await (const batch of readChain({ source, links: chain.links, ...context, warn: () => undefined })) {
    for (const item of batch.items) {
      const origin = formatOrigin(originOf(batch, item).slice(1));
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

function toLines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

describe.each(shippedJobs)('%s', (job) => {
  const golden = (name: string) => join(import.meta.dirname, job, name);

  it('makes of its input what is expected, and says why it rejects the rest', async () => {
    const { published, rejected, report } = await runJob(job);
    await expect(toLines(published)).toMatchFileSnapshot(golden('expected.jsonl'));
    await expect(toLines(rejected.map((entry) => JSON.stringify(entry)))).toMatchFileSnapshot(golden('rejected.jsonl'));
    await expect(`${JSON.stringify(report, null, 2)}\n`).toMatchFileSnapshot(golden('report.json'));
  });
});
