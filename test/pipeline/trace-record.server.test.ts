/** A record of a run is followed from its place in the source to what became of it. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { renderTrace } from '../../src/cli/commands/trace-command.ts';
import { traceRecord, type TaskTrace } from '../../src/pipeline/trace/trace-record.ts';
import type { RunReport } from '../../src/records/run.ts';
import { describeWithPostgres } from '../support/postgres.ts';
import { linesJob, openTestEngine, runJobOnce, type TestEngine } from '../support/engine.ts';

const organisation = (id: string, name: string, more: object = {}): object => ({
  id: `https://ror.org/${id}`,
  status: 'active',
  types: ['education'],
  names: [{ value: name, types: ['ror_display', 'label'], lang: 'en' }],
  locations: [
    {
      geonames_id: 1,
      geonames_details: { name: 'Pasadena', country_code: 'US', country_name: 'United States', lat: 1, lng: 1 },
    },
  ],
  external_ids: [],
  relationships: [],
  links: [],
  ...more,
});

describeWithPostgres('a trace', () => {
  let test: TestEngine;
  let second: RunReport;
  let path: string;

  const publish = (records: readonly object[]): Promise<RunReport> => {
    path = test.file('organisations.json', `[\n${records.map((record) => JSON.stringify(record)).join(',\n')}\n]`);
    const config = linesJob(path, {
      id: 'traced',
      vocabulary: 'affiliations',
      readers: [{ type: 'file', args: { path } }, { type: 'json' }],
      transformers: [{ type: 'ror-affiliations', args: { statuses: ['active'] } }],
      writers: [{ type: 'postgres', args: { table: 'traced' } }],
    });
    return runJobOnce(test.steps, config, { approve: true });
  };

  beforeAll(async () => {
    test = await openTestEngine();
    await publish([organisation('05dxps055', 'Caltech')]);
    second = await publish([
      organisation('05dxps055', 'California Institute of Technology'),
      organisation('0abcdef12', 'Gone', { status: 'withdrawn' }),
      { id: 'https://ror.org/03vek6s52', status: 'active', names: 'Harvard' },
    ]);
  });
  afterAll(async () => {
    await test.close();
  });

  const trace = async (id: string): Promise<{ trace: TaskTrace; text: string }> => {
    const traces = await traceRecord(test.engine, { run: second.run, id, signal: new AbortController().signal });
    const [first] = traces;
    if (first === undefined) throw new Error('no task');
    return { trace: first, text: renderTrace(traces, id) };
  };

  it('of an updated record shows what was read, what each transformer made of it, and the change', async () => {
    const { trace: task, text } = await trace('05dxps055');
    expect(task.entries).toHaveLength(1);
    expect(task.entries[0]).toMatchObject({
      origin: expect.stringMatching(/json:0$/) as string,
      steps: [{ name: 'read' }, { name: 'ror-affiliations', value: { id: '05dxps055' } }],
      result: { kind: 'staged' },
    });
    expect(task.changes).toMatchObject([{ op: 'update', target: 'postgres:traced', before: { name: 'Caltech' } }]);
    expect(text).toContain('=== staged as 05dxps055');
    expect(text).toMatch(/update +05dxps055[\s\S]*\/name {2}"Caltech" → "California Institute of Technology"/);
  });

  it('of a filtered one says which transformer left it out and why, by its id at the source', async () => {
    const { trace: task, text } = await trace('0abcdef12');
    expect(task.entries).toMatchObject([{ result: { kind: 'filtered' }, steps: [{ name: 'read' }] }]);
    expect(task.changes).toEqual([]);
    expect(text).toContain('=== filtered: ');
  });

  it('of a rejected one gives the reason, also by its origin', async () => {
    const { trace: task, text } = await trace('03vek6s52');
    expect(task.entries).toMatchObject([{ result: { kind: 'rejected' } }]);
    expect(text).toContain('=== rejected: E_');
    const origin = task.entries[0]?.origin ?? '';
    expect((await trace(origin)).trace.entries).toEqual(task.entries);
  });

  it('of an id that is not there says so', async () => {
    expect((await trace('nowhere')).text).toBe(
      'organisations.json has no entry nowhere.\nThe ledger has no change and no rejection of nowhere in this run.\n',
    );
  });

  it('says that the source is gone, and what the ledger kept', async () => {
    rmSync(path);
    const { trace: task, text } = await trace('05dxps055');
    expect(task.entries).toEqual([]);
    expect(text).toContain(`organisations.json cannot be read again: ${path} is not on this machine any more`);
    expect(text).toMatch(/update +05dxps055/);
  });
});
