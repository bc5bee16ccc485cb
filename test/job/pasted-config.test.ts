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
  ])('works %s', (_, written, file, id, prefix) => {
    const { job, problems } = check(written, file);
    expect(job?.id).toBe(id);
    expect(job?.tasks[0]?.writers).toEqual([{ type: 'postgres', args: { table: 'affiliations' } }]);
    const pointers = problems.map(({ severity, pointer }) => `${severity} ${pointer}`);
    for (const key of ['batch_size', 'write_many', 'run_subtasks', 'writers/0']) {
      expect(pointers).toContain(`warning ${prefix}/${key}`);
    }
    expect(problems.every(({ line, pointer }) => line > 1 || pointer === '')).toBe(true);
  });

  it('points into what was pasted, and says what to use for its service writers', () => {
    const service = { type: 'affiliations-service', args: { update: false } };
    const { problems } = check(
      { config: { ...datastream, writers: [{ type: 'async', args: { writer: service } }] } },
      'ror.json',
    );
    const problem = problems.find(({ severity }) => severity === 'error');
    expect(problem).toMatchObject({
      pointer: '/config/writers/0/args/writer/type',
      suggestion: '{"type":"postgres","args":{"table":"affiliations"}}',
    });
    expect(problem?.message).toContain('not available here');
    expect(problem?.line).toBeGreaterThan(20);
  });

  it('says when there are two configs in one', () => {
    expect(said({ affiliations: datastream, funders: datastream })).toContain(
      ': holds 2 configs ("affiliations", "funders"); put each into a job file of its own',
    );
  });
});
