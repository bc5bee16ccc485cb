import { describe, expect, it } from 'vitest';
import { createCatalog, type Catalog } from '../../src/component/catalog.ts';
import { createEffectiveJob, type EffectiveInput } from '../../src/job/effective/effective-job.ts';
import { jobOfConfig } from '../../src/job/effective/frozen-job.ts';
import { explainConfig } from '../../src/job/effective/explain-config.ts';
import { parseChain } from '../../src/job/effective/parse-chain.ts';
import { createSecretResolver } from '../../src/job/secrets.ts';
import { sourceDigest, taskDigest } from '../../src/job/effective/task-digest.ts';
import { fakeCatalog as catalog, fakeReaders } from '../support/fake-components.ts';
import { rejectionOf } from '../support/refusal-of.ts';

const CONFIG = {
  id: 'ror',
  title: 'ROR',
  vocabulary: 'affiliations',
  readers: [{ type: 'ror-http' }, { type: 'zip', args: { regex: 'data' } }, { type: 'json' }],
  transformers: [{ type: 'ror-affiliations' }],
  writers: [{ type: 'postgres', args: { table: 'affiliations' } }],
  guards: { min_records: 10 },
};

const vocabularies = new Set(['affiliations']);

function effective(over: Partial<EffectiveInput> = {}, config: object = CONFIG) {
  return createEffectiveJob({ config: JSON.stringify(config, null, 2), catalog, vocabularies, ...over });
}

function withVersion(type: string, version: number): Catalog {
  const readers = fakeReaders.map((reader) => (reader.type === type ? { ...reader, version } : reader));
  return { ...catalog, readers: createCatalog({ plugins: [{ readers }] }).readers };
}

describe('the effective job', () => {
  it('is the file where nothing is laid over it, and comes back from its snapshot', async () => {
    const { job, config, digest } = await effective();
    expect(config).toEqual(CONFIG);
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(jobOfConfig(JSON.parse(JSON.stringify(config)))).toEqual(job);
    expect(Object.isFrozen(config['guards'])).toBe(true);
  });

  it('reads an input in place of its source', async () => {
    const { job, config } = await effective({ input: { path: '/tmp/dump.zip', name: 'dump.zip' } });
    expect(job.tasks[0]?.readers[0]).toEqual({ type: 'file', args: { path: '/tmp/dump.zip' } });
    expect(job.tasks[0]?.readers).toHaveLength(3);
    expect(jobOfConfig(config)).toEqual(job);
  });

  it('gets a source by --input where its chain has none', async () => {
    const { job } = await effective(
      { input: { path: 'a.zip', name: 'a.zip' } },
      { ...CONFIG, readers: CONFIG.readers.slice(1) },
    );
    expect(job.tasks[0]?.readers.map(({ type }) => type)).toEqual(['file', 'zip', 'json']);
  });

  it('does not take an input for everything there is where its source only delivers what changed', async () => {
    const changes = { ...CONFIG, readers: [{ type: 'changes-http' }, { type: 'json' }] };
    const input = { path: 'changes.json', name: 'changes.json' };
    const { config } = await effective({ input }, changes);
    expect(config['readers']).toEqual([
      { type: 'file', args: { path: 'changes.json', coverage: 'incremental' } },
      { type: 'json' },
    ]);
    const writers = [{ type: 'postgres', args: { table: 'affiliations', on_missing: 'withdraw' } }];
    const error = await rejectionOf(effective({ input }, { ...changes, writers }));
    expect(error.message).toContain('"file" delivers only what changed');
  });

  it('hands an input to the source itself where only that can read it', async () => {
    const feed = { type: 'changes-feed', args: { url: 'https://example.org/' } };
    const own = { ...CONFIG, readers: [feed] };
    const { job, config, digest } = await effective({ input: { path: 'answer.xml', name: 'answer.xml' } }, own);
    expect(config['readers']).toEqual([{ type: 'file', args: { path: 'answer.xml' } }, feed]);
    expect(digest).toBe((await effective({}, own)).digest);
    const [task] = job.tasks;
    if (task === undefined) throw new Error('no task');
    const chain = await parseChain(task, catalog, createSecretResolver({ env: {}, readFile: () => '' }));
    expect([chain.source.reader.type, ...chain.links.map(({ reader }) => reader.type)]).toEqual([
      'file',
      'changes-feed',
    ]);
  });

  it('puts the input into the first task only', async () => {
    const { id, title, readers, writers } = CONFIG;
    const funders = [{ type: 'postgres', args: { table: 'funders' } }];
    const tasks = {
      one: { vocabulary: 'affiliations', readers, writers },
      two: { vocabulary: 'affiliations', readers, writers: funders },
    };
    const { job } = await effective({ input: { path: 'a.zip', name: 'a.zip' } }, { id, title, tasks });
    expect(job.tasks.map((task) => task.readers[0]?.type)).toEqual(['file', 'ror-http']);
  });

  it('takes custom args with a writer as InvenioRDM wraps it', async () => {
    const writer = { type: 'file', args: { path: 'out.jsonl' } };
    const customArgs = { config: { writers: [{ type: 'async', args: { writer } }] }, since: '2026-01-01' };
    const { job, config, since } = await effective({ customArgs });
    expect(job.tasks[0]?.writers).toEqual([writer]);
    expect(config['writers']).toEqual([writer]);
    expect(since).toBe('2026-01-01');
  });

  it('blames the file for its own mistakes, and the custom args for theirs', async () => {
    const broken = { ...CONFIG, approval_days: 'many' };
    const ofFile = await rejectionOf(effective({ customArgs: { title: 'T' } }, broken));
    expect(ofFile.code).toBe('E_JOB_INVALID');
    expect(ofFile.details['problems']).toMatchObject([{ pointer: '/approval_days' }]);
    expect(ofFile.message).toContain('(line ');

    const ofArgs = await rejectionOf(effective({ customArgs: { readers: { zip: { regexp: 'x' } } } }));
    expect(ofArgs.code).toBe('E_CUSTOM_ARGS_INVALID');
    expect(ofArgs.message).toContain('/readers/1/args/regexp: unknown key "regexp"; did you mean "regex"?');
  });

  it('names what was laid over the job, also where custom args only take something away', async () => {
    const input = { path: '/data/dump.zip', name: 'dump.zip' };
    for (const [options, code, laid] of [
      [{ customArgs: { title: null } }, 'E_CUSTOM_ARGS_INVALID', 'With the custom args laid over it'],
      [
        { customArgs: { readers: null }, input },
        'E_CUSTOM_ARGS_INVALID',
        'With the custom args and the input laid over',
      ],
      [{ customArgs: { readers: { 'ror-http': null } } }, 'E_CUSTOM_ARGS_INVALID', 'With the custom args laid over it'],
    ] as const) {
      const refusal = await rejectionOf(effective(options));
      expect([refusal.code, refusal.message]).toEqual([code, expect.stringContaining(laid)]);
    }
    const declared = { type: 'object', properties: { year: { type: 'integer' } }, required: ['year'] };
    const withYear = { ...CONFIG, arguments: declared, args: { year: 2026 } };
    expect((await rejectionOf(effective({ customArgs: { args: { year: null } } }, withYear))).code).toBe(
      'E_CUSTOM_ARGS_INVALID',
    );
  });

  it('refuses a credential in custom args without showing it', async () => {
    const error = await rejectionOf(effective({ customArgs: { readers: { 'ror-http': { token: 'hunter2' } } } }));
    expect(error.code).toBe('E_CUSTOM_ARGS_INVALID');
    expect(JSON.stringify([error.message, error.details])).not.toContain('hunter2');
  });
});

describe('the digest', () => {
  const digest = async (over: Partial<EffectiveInput> = {}, config: object = CONFIG): Promise<string> =>
    (await effective(over, config)).digest;

  it.each([
    ['the title', { ...CONFIG, title: 'Other' }],
    ['guards', { ...CONFIG, guards: { min_records: 99 } }],
    ['the schedule', { ...CONFIG, schedule: { type: 'interval', days: 1 } }],
    ['approval', { ...CONFIG, approval_days: 3, accept_partial: true }],
    [
      'a default that is spelt out',
      {
        ...CONFIG,
        readers: [{ type: 'ror-http' }, { type: 'zip', args: { max_ratio: 200, regex: 'data' } }, { type: 'json' }],
      },
    ],
    [
      'where the bytes come from',
      {
        ...CONFIG,
        readers: [{ type: 'http', args: { url: 'https://example.org/x.zip' } }, ...CONFIG.readers.slice(1)],
      },
    ],
  ])('does not count %s', async (_, config) => {
    expect(await digest({}, config)).toBe(await digest());
  });

  it('does not count an input', async () => {
    expect(await digest({ input: { path: 'x.zip', name: 'x.zip' } })).toBe(await digest());
  });

  it.each([
    [
      'args of a container',
      { ...CONFIG, readers: [{ type: 'ror-http' }, { type: 'zip', args: { regex: 'other' } }, { type: 'json' }] },
    ],
    ['transformers', { ...CONFIG, transformers: [{ type: 'ror-funders' }] }],
    ['writers', { ...CONFIG, writers: [{ type: 'postgres', args: { table: 'other' } }] }],
    ['the vocabulary', { ...CONFIG, vocabulary: 'funders' }],
  ])('counts %s', async (_, config) => {
    expect(await digest({}, config)).not.toBe(await digest());
  });

  it('counts a source that reads its own answers', async () => {
    const feed = (url: string): object => ({ ...CONFIG, readers: [{ type: 'changes-feed', args: { url } }] });
    const own = await digest({}, feed('https://example.org/'));
    expect(await digest({}, feed('https://example.net/'))).not.toBe(own);
    expect(await digest({ catalog: withVersion('changes-feed', 2) }, feed('https://example.org/'))).not.toBe(own);
  });

  it('counts the versions of components, the source aside', async () => {
    expect(await digest({ catalog: withVersion('zip', 2) })).not.toBe(await digest());
    expect(await digest({ catalog: withVersion('ror-http', 2) })).toBe(await digest());
    const [task] = (await effective()).job.tasks;
    if (task === undefined) throw new Error('no task');
    expect(sourceDigest(task, withVersion('ror-http', 2))).not.toBe(sourceDigest(task, catalog));
    expect(taskDigest(task, catalog)).toMatch(/^sha256:/);
  });
});

describe('a parsed chain', () => {
  const config = {
    ...CONFIG,
    readers: [
      { type: 'http', args: { url: { $secret: 'env:URL' }, token: { $secret: 'env:TOKEN' } } },
      { type: 'json' },
    ],
  };
  const parse = async (env: Record<string, string>) => {
    const [task] = (await effective({}, config)).job.tasks;
    if (task === undefined) throw new Error('no task');
    return parseChain(task, catalog, createSecretResolver({ env, readFile: () => '' }));
  };

  it('holds the components with args, defaults and secrets', async () => {
    const chain = await parse({ URL: 'https://user:hunter2@example.org/', TOKEN: 'hunter2' });
    expect(chain.source.reader.type).toBe('http');
    expect(chain.source.args).toEqual({ url: 'https://user:hunter2@example.org/', token: 'hunter2', headers: {} });
    expect(chain.links.map(({ reader, args }) => [reader.type, args])).toEqual([
      ['json', { max_record_bytes: 1_000_000 }],
    ]);
    expect(chain.transformers).toHaveLength(1);
    expect(chain.writers.map(({ writer }) => writer.type)).toEqual(['postgres']);
  });

  it('says which secret does not fit without showing it', async () => {
    const error = await rejectionOf(parse({ URL: 'not-a-url-hunter2', TOKEN: 'hu' }));
    expect(error.code).toBe('E_JOB_INVALID');
    expect(error.message).toContain('/url: expected a URL; the secret does not fit');
    expect(JSON.stringify([error.message, error.details])).not.toContain('hu"');
    expect(error.message).not.toContain('hunter2');
  });

  it('names a secret that is not there', async () => {
    expect((await rejectionOf(parse({ URL: 'https://example.org/' }))).code).toBe('E_SECRET_NOT_FOUND');
  });
});

describe('explain', () => {
  it('says of every value where it comes from', async () => {
    const run = await effective({
      customArgs: { readers: { zip: { mode: 'r' } }, title: 'Now' },
      input: { path: 'x.zip', name: 'x.zip' },
    });
    const explained = explainConfig({ effective: run, catalog, since: 'P2D' });
    const origins = Object.fromEntries(
      explained.map(({ pointer, origin, value }) => [pointer, `${origin}: ${JSON.stringify(value)}`]),
    );
    expect(origins).toMatchObject({
      '/since': '--since: "P2D"',
      '/id': 'job file: "ror"',
      '/title': 'custom args: "Now"',
      '/queue': 'default: "vocab-sync"',
      '/readers/0/args/path': '--input: "x.zip"',
      '/readers/1/args/regex': 'job file: "data"',
      '/readers/1/args/mode': 'custom args: "r"',
      '/readers/1/args/max_ratio': 'default: 200',
      '/writers/0/args/on_missing': 'default: "keep"',
      '/guards/min_records': 'job file: 10',
    });
  });

  it('lets the since of custom args win', async () => {
    const run = await effective({ customArgs: { since: { days: 2 } } });
    expect(explainConfig({ effective: run, catalog, since: 'P9D' })[0]).toEqual({
      pointer: '/since',
      value: { days: 2 },
      origin: 'custom args',
    });
  });
});
