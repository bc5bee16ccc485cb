/** The job that is stored with a run: what a later release changes, it does not. */
import { expect, it } from 'vitest';
import { z } from 'zod';
import { createCatalog, type Catalog } from '../../src/component/catalog.ts';
import { createEffectiveJob } from '../../src/job/effective/effective-job.ts';
import { freezeJob, jobOfConfig } from '../../src/job/effective/frozen-job.ts';
import { parseChain } from '../../src/job/effective/parse-chain.ts';
import { taskDigest } from '../../src/job/effective/task-digest.ts';
import { RUN_JOB } from '../../src/postgres/ledger/json-columns.ts';
import type { JsonObject } from '../../src/records/json-object.ts';
import { fakeCatalog as catalog, fakeReaders } from '../support/fake-components.ts';

const CONFIG: JsonObject = {
  id: 'ror',
  title: 'ROR',
  arguments: { type: 'object', properties: { pattern: { type: 'string' } } },
  args: { pattern: 'data' },
  readers: [{ type: 'ror-http' }, { type: 'zip', args: { regex: { $arg: 'pattern' } } }, { type: 'json' }],
  writers: [{ type: 'postgres', args: { table: 'affiliations' } }],
};
const run = '0197a2b4-0000-7000-8000-000000000001';

async function freeze(config: JsonObject = CONFIG) {
  const { job } = await createEffectiveJob({ config: JSON.stringify(config), catalog });
  const frozen = RUN_JOB.parse(JSON.parse(RUN_JOB.toText(freezeJob(job, catalog))), run);
  return { job, frozen };
}

/** The catalog of a later release, in which a component has other arguments. */
function laterCatalog(type: string, args: z.ZodType): Catalog {
  const readers = fakeReaders.map((reader) => (reader.type === type ? { ...reader, args } : reader));
  return { ...catalog, readers: createCatalog({ plugins: [{ readers }] }).readers };
}

it('stores its version, the arguments of the run and the defaults of components', async () => {
  const { job, frozen } = await freeze();
  expect(JSON.parse(RUN_JOB.toText(job))).toMatchObject({ $schema: 1 });
  const [task] = frozen.tasks;
  expect(task?.readers[1]?.args).toEqual({ regex: 'data', max_ratio: 200 });
  expect(task?.writers[0]?.args).toEqual({ table: 'affiliations', on_missing: 'keep' });
  expect(task && taskDigest(task, catalog)).toBe(job.tasks[0] && taskDigest(job.tasks[0], catalog));
});

it('keeps the default that held when the run started', async () => {
  const { frozen } = await freeze();
  const later = laterCatalog('zip', z.strictObject({ regex: z.string().optional(), max_ratio: z.number().default(5) }));
  const [task] = frozen.tasks;
  if (task === undefined) throw new Error('no task');
  expect((await parseChain(task, later, (text) => text)).links[0]?.args).toMatchObject({ max_ratio: 200 });
});

it('leaves references to secrets as they are', async () => {
  const secret = { $secret: 'env:TOKEN' };
  const args = { url: 'https://example.org/a', token: secret };
  const { frozen } = await freeze({ ...CONFIG, readers: [{ type: 'http', args }, { type: 'json' }] });
  expect(frozen.tasks[0]?.readers[0]?.args).toEqual({ ...args, headers: {} });
});

it('is made from the config of a run of an earlier release, whose components may be gone', async () => {
  const { job } = await freeze();
  expect(jobOfConfig(CONFIG)).toEqual(job);
  const old = { ...CONFIG, writers: [{ type: 'no-longer-there', args: { any: 1 } }] };
  expect(jobOfConfig(old).tasks[0]?.writers).toEqual([{ type: 'no-longer-there', args: { any: 1 } }]);
});
