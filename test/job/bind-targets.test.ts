/** Logical names of targets: one job file for a test system and production, and configs of InvenioRDM as they are. */
import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/cli/catalog.ts';
import type { BoundTarget, Catalog } from '../../src/component/catalog.ts';
import { createEffectiveJob } from '../../src/job/effective/effective-job.ts';
import { explainConfig } from '../../src/job/effective/explain-config.ts';
import { parseJob } from '../../src/job/parse-job.ts';

const RDM: BoundTarget = {
  type: 'invenio-rdm',
  args: { url: 'https://rdm.example.org/api', vocabulary: 'affiliations', token: { $secret: 'env:INVENIO_TOKEN' } },
};
const catalogWith = (targets: Readonly<Record<string, BoundTarget>>): Catalog => ({
  ...catalog,
  targets: new Map(Object.entries(targets)),
});
const bound = catalogWith({
  affiliations: RDM,
  awards: { ...RDM, args: { ...RDM.args, vocabulary: 'awards' } },
});
const unbound = catalogWith({});

const jobWith = (...list: object[]) => ({
  ...{ id: 'ror', title: 'ROR', vocabulary: 'affiliations' },
  readers: [{ type: 'file', args: { path: 'x.json' } }, { type: 'json' }],
  writers: list,
});
const check = (job: object, catalog = bound) => parseJob(JSON.stringify(job, null, 2), { catalog, file: 'ror.json' });
const writersOf = async (job: object, catalog = bound) => (await check(job, catalog)).job?.tasks[0]?.writers;

describe('a bound name', () => {
  it('stands for its target, over which the job lays args of its own', async () => {
    const writer = { type: 'target', args: { name: 'affiliations', on_missing: 'withdraw' } };
    expect(await writersOf(jobWith(writer))).toEqual([
      { type: 'invenio-rdm', args: { ...RDM.args, on_missing: 'withdraw' } },
    ]);
    expect((await check(jobWith(writer))).bound).toEqual([
      { name: 'affiliations', target: 'invenio-rdm:rdm.example.org/api/affiliations' },
    ]);
  });

  it.each([
    ['affiliations-service', 'affiliations', {}],
    ['cordis-awards-service', 'awards', {}],
    ['service', 'affiliations', { service_or_name: 'affiliations' }],
  ])('is what the writer %s of InvenioRDM means, also within async', async (type, vocabulary, args) => {
    const service = { type, args: { ...args, update: true } };
    const { job, problems } = await check({ config: jobWith({ type: 'async', args: { writer: service } }) });
    expect(job?.tasks[0]?.writers).toMatchObject([{ type: 'invenio-rdm', args: { vocabulary } }]);
    expect(problems.map(({ message }) => message).join()).not.toContain('bound');
  });

  it('says that changed records are published where InvenioRDM would leave them alone', async () => {
    const told = async (update: boolean) =>
      (await check(jobWith({ type: 'affiliations-service', args: { update } }))).problems.map(({ message }) => message);
    expect((await told(false)).join()).toContain('"update"');
    expect((await told(true)).join()).not.toContain('"update"');
  });

  it.each([
    ['openaire-affiliations-service', '/identifiers[scheme=pic]'],
    ['cordis-awards-service', '/organizations'],
  ])('is a layer over the records of another job for %s, unless the writer has one of its own', async (type, place) => {
    expect(await writersOf(jobWith({ type }))).toMatchObject([
      { layer: { owns: expect.arrayContaining([place]) as string[] } },
    ]);
    const layer = { name: 'own', owns: ['/acronym'] };
    expect(await writersOf(jobWith({ type, layer }))).toMatchObject([{ type: 'invenio-rdm', layer }]);
    expect((await writersOf(jobWith({ type: 'affiliations-service' })))?.[0]).not.toHaveProperty('layer');
  });

  it('works in each task of a job', async () => {
    const { writers: list, readers: read, ...rest } = jobWith({ type: 'target', args: { name: 'affiliations' } });
    const { job } = await check({ ...rest, tasks: { one: { readers: read, writers: list } } });
    expect(job?.tasks[0]?.writers).toEqual([RDM]);
  });
});

describe('a name that is not bound', () => {
  it('is an error that names what is bound, and the nearest of it', async () => {
    const { job, problems } = await check(jobWith({ type: 'target', args: { name: 'afiliations' } }));
    expect(job).toBeUndefined();
    const errors = problems.filter(({ severity }) => severity === 'error');
    expect(errors).toMatchObject([{ pointer: '/writers/0/args/name', suggestion: 'affiliations' }]);
    expect(errors[0]?.message).toContain('VOCAB_SYNC_TARGETS');
  });

  it.each([
    ['affiliations-service', 'affiliations'],
    ['openaire-affiliations-service', 'affiliations'],
  ])('%s writes into the table %s, with a warning', async (type, table) => {
    const job = jobWith({ type, args: { update: true } });
    expect(await writersOf(job, unbound)).toMatchObject([{ type: 'postgres', args: { table } }]);
    const [problem] = (await check(job, unbound)).problems;
    expect([problem?.severity, problem?.pointer]).toEqual(['warning', '/writers/0/type']);
    expect(problem?.message).toMatch(new RegExp(`table ${table}.*VOCAB_SYNC_TARGETS`));
  });
});

describe('the writer yaml of InvenioRDM', () => {
  it('is a file, and problems are found at the key that was written', async () => {
    const job = (filepath: unknown) => ({
      config: jobWith({ type: 'async', args: { writer: { type: 'yaml', args: { filepath } } } }),
    });
    expect(await writersOf(job('names.out'))).toEqual([{ type: 'file', args: { path: 'names.out', format: 'yaml' } }]);
    const bad = (await check(job('folder/'))).problems.find(({ severity }) => severity === 'error');
    expect(bad?.pointer).toBe('/config/writers/0/args/writer/args/filepath');
  });
});

describe('a run', async () => {
  const job = jobWith({ type: 'target', args: { name: 'affiliations', on_missing: 'withdraw' } });
  const effective = await createEffectiveJob({ config: JSON.stringify(job), catalog: bound });

  it('freezes the target, so that another binding on another worker does not move it', async () => {
    expect(effective.config['writers']).toEqual([
      { type: 'invenio-rdm', args: { ...RDM.args, on_missing: 'withdraw' } },
    ]);
    const { job: read } = await parseJob(JSON.stringify(effective.config), { catalog: unbound });
    expect(read?.tasks).toEqual(effective.job.tasks);
  });

  it('stores the job with the name, which another installation binds otherwise', async () => {
    expect((await check(job)).config).toMatchObject({ writers: job.writers });
  });

  it('counts the target among what decides whether the source is read again', async () => {
    const other = catalogWith({ affiliations: { ...RDM, args: { ...RDM.args, url: 'https://test.example.org/api' } } });
    expect((await createEffectiveJob({ config: JSON.stringify(job), catalog: other })).digest).not.toBe(
      effective.digest,
    );
  });

  it('explains which values come from the binding', () => {
    const origins = new Map(
      explainConfig({ effective, catalog: bound }).map(({ pointer, origin }) => [pointer, origin]),
    );
    expect(origins.get('/writers/0/type')).toBe('VOCAB_SYNC_TARGETS');
    expect(origins.get('/writers/0/args/token')).toBe('VOCAB_SYNC_TARGETS');
    expect(origins.get('/writers/0/args/on_missing')).toBe('job file');
  });
});
