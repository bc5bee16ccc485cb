import { describe, expect, it } from 'vitest';
import { check, said } from './check-text.ts';

describe('a config pasted from InvenioRDM', () => {
  const datastream = {
    readers: [{ type: 'ror-http' }, { type: 'zip', args: { regex: '_schema_v2\\.json$' } }, { type: 'json' }],
    transformers: [{ type: 'ror-affiliations' }],
    writers: [{ type: 'async', args: { writer: { type: 'postgres', args: { table: 'affiliations' } } } }],
    batch_size: 1000,
    write_many: true,
    run_subtasks: true,
  };

  it.each([
    ['bare, named by its file', datastream, 'my-ror.json', 'my-ror', ''],
    ['under "config"', { config: datastream }, 'my-ror.json', 'my-ror', '/config'],
    ['under a vocabulary', { 'affiliations:ror': datastream }, undefined, 'affiliations-ror', '/affiliations:ror'],
    ['with an id beside "config"', { id: 'mine', title: 'Mine', config: datastream }, undefined, 'mine', '/config'],
  ])('works %s', async (_, written, file, id, prefix) => {
    const { job, problems } = await check(written, file);
    expect(job?.id).toBe(id);
    expect(job?.tasks[0]?.writers).toEqual([{ type: 'postgres', args: { table: 'affiliations' } }]);
    const pointers = problems.map(({ severity, pointer }) => `${severity} ${pointer}`);
    for (const key of ['batch_size', 'write_many', 'run_subtasks', 'writers/0']) {
      expect(pointers).toContain(`warning ${prefix}/${key}`);
    }
    expect(problems.every(({ line, pointer }) => line > 1 || pointer === '')).toBe(true);
  });

  it('points into what was pasted, and says where its service writers publish', async () => {
    const service = { type: 'affiliations-service', args: { update: false } };
    const { problems } = await check(
      { config: { ...datastream, writers: [{ type: 'async', args: { writer: service } }] } },
      'ror.json',
    );
    const problem = problems.find(({ pointer }) => pointer === '/config/writers/0/args/writer/type');
    expect(problem?.severity).toBe('warning');
    expect(problem?.message).toContain('table affiliations');
    expect(problem?.line).toBeGreaterThan(20);
  });

  it('says when there are two configs in one', async () => {
    expect(await said({ affiliations: datastream, funders: datastream })).toContain(
      ': holds 2 configs ("affiliations", "funders"); put each into a job file of its own',
    );
  });

  it('says only once that there are two configs, and reports no key of the second as unknown', async () => {
    expect((await said({ affiliations: datastream, funders: datastream })).join('\n')).not.toContain('unknown key');
  });

  it('puts the reader of a file before one that opens its origin, and points to what was written', async () => {
    const readers = [
      { type: 'tar', args: { origin: '/data/orcid.tar.gz', mode: 'r|gz', regex: '(' } },
      { type: 'no-such-reader' },
    ];
    const { problems, config } = await check({ names: { ...datastream, readers } });
    expect(config).toMatchObject({
      readers: [{ type: 'file', args: { origin: '/data/orcid.tar.gz' } }, { type: 'tar' }, { type: 'no-such-reader' }],
    });
    expect(problems.map(({ severity, pointer }) => `${severity} ${pointer}`)).toEqual(
      expect.arrayContaining(['warning /names/readers/0/args/origin', 'error /names/readers/1/type']),
    );
  });

  it('reads a fixture in YAML as InvenioRDM does', async () => {
    const { config } = await check({
      subjects: {
        readers: [{ type: 'yaml', args: { origin: 'app_data/vocabularies/subjects.yaml' } }],
        writers: [{ type: 'postgres', args: { table: 'subjects' } }],
      },
    });
    expect(config).toMatchObject({
      readers: [
        { type: 'file', args: { origin: 'app_data/vocabularies/subjects.yaml' } },
        { type: 'yaml', args: {} },
      ],
    });
  });

  it.each([
    [
      'the list of its fixtures',
      { languages: { 'pid-type': 'lng', 'data-file': 'vocabularies/languages.yaml' }, subjects: { 'pid-type': 'sub' } },
      'vocabularies/languages.yaml',
    ],
    ['records', [{ id: 'a', name: 'A' }], 'vocab-sync new job ID --from FILE'],
  ])('recognises %s', async (_, written, expected) => {
    const { problems } = await check(written);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain(expected);
  });
});
