/** What selects nothing in any record of a run is a warning of the run, however its source is read. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { linesJob, openTestEngine, runJobOnce, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';

describeWithPostgres('a selector of map', () => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await openTestEngine();
  });
  afterEach(async () => {
    await test.close();
  });

  const fields = {
    '/id': { from: '/id' },
    '/name': { query: "names[?lang=='en'].value | [0]", required: false },
    '/note': { from: '/nots', required: false },
  };
  const sync = async (content: string) => {
    const job = linesJob('', {
      readers: [{ type: 'file', args: { path: test.file('source.jsonl', content) } }, { type: 'jsonl' }],
      transformers: [{ type: 'map', args: { fields } }],
    });
    const report = await runJobOnce(test.steps, job);
    return report.tasks[0]?.warnings.find(({ code }) => code === 'W_SELECTED_NOTHING');
  };

  it('that selects nothing in any record is a warning with its field', async () => {
    const names = '"names":[{"lang":"en","value":"A"}]';
    const warning = await sync(`{"id":"a",${names}}\n{"id":"b"}\n{"id":"c","note":"x"}\n`);
    expect(warning?.count).toBe(1);
    expect(warning?.samples[0]).toMatch(/^\/note: .*\/nots.* 3 records/);
  });

  it('is not warned of where one record has it, or where records were recognised and not mapped again', async () => {
    expect(await sync('{"id":"a","names":[{"lang":"en","value":"A"}],"nots":"x"}\n{"id":"b"}\n')).toBeUndefined();
    expect(
      await sync('{"id":"a","names":[{"lang":"en","value":"A"}],"nots":"x"}\n{"id":"b"}\n{"id":"c"}\n'),
    ).toBeUndefined();
  });
});
