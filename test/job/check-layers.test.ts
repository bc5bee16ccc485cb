/** What a job file may say about layers, alone and together with other job files. */
import { describe, expect, it } from 'vitest';
import { findMeetings, layersOf } from '../../src/job/check/check-layers.ts';
import { parseJob } from '../../src/job/parse-job.ts';
import { catalog } from '../../src/cli/catalog.ts';

function jobWith(id: string, writers: readonly unknown[]): ReturnType<typeof parseJob> {
  const readers = [{ type: 'file', args: { path: 'x.jsonl' } }, { type: 'jsonl' }];
  return parseJob(JSON.stringify({ id, title: 'Lines', readers, writers }), { catalog });
}

function layered(layer: unknown, table = 'affiliations'): object {
  return { type: 'postgres', args: { table }, layer };
}

async function errorsOf(writers: readonly unknown[]): Promise<readonly string[]> {
  return (await jobWith('one', writers)).problems
    .filter(({ severity }) => severity === 'error')
    .map(({ pointer }) => pointer);
}

describe('a layer', () => {
  it('owns places of a record, but not its id', async () => {
    expect(await errorsOf([layered({ name: 'pic', owns: ['/identifiers[scheme=pic]', '/title/de'] })])).toEqual([]);
    for (const place of ['subjects', '/', '', '/id', '/id/x', '/list[0]', '/list[scheme=]', '/a[k=v]/b']) {
      expect(await errorsOf([layered({ name: 'pic', owns: [place] })])).toEqual(['/writers/0/layer/owns/0']);
    }
    expect(await errorsOf([layered({ name: 'pic', owns: [] })])).toEqual(['/writers/0/layer/owns']);
  });

  it('is the same in all writers of a task', async () => {
    const pic = { name: 'pic', owns: ['/identifiers[scheme=pic]'] };
    expect(await errorsOf([layered(pic), layered(pic, 'other')])).toEqual([]);
    expect(await errorsOf([layered(pic), layered(undefined, 'other')])).toEqual(['/writers/1']);
  });
});

describe('layers of two jobs', () => {
  const meetings = async (owns: string, table: string, name = 'other'): Promise<readonly string[]> => {
    const layersIn = async ({ job }: Awaited<ReturnType<typeof jobWith>>) =>
      job === undefined ? [] : await layersOf(job, catalog);
    const one = await layersIn(await jobWith('one', [layered({ name: 'pic', owns: ['/identifiers[scheme=pic]'] })]));
    const other = await layersIn(await jobWith('two', [layered({ name, owns: [owns] }, table)]));
    return findMeetings(other, one).map(({ pointer, message }) => `${pointer} ${message}`);
  };

  it('may not own the same in one target, nor have one name', async () => {
    expect(await meetings('/identifiers', 'affiliations')).toEqual([
      expect.stringMatching(/^\/writers\/0\/layer .*postgres:affiliations.*job one/) as string,
    ]);
    expect(await meetings('/subjects', 'affiliations', 'pic')).toHaveLength(1);
    expect(await meetings('/identifiers[scheme=edmo]', 'affiliations')).toEqual([]);
    expect(await meetings('/identifiers', 'elsewhere')).toEqual([]);
  });
});
