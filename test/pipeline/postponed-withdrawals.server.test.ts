/** Nothing is withdrawn in a run that could not read one of its documents (R10). */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { buildZip } from '../support/build-zip.ts';
import { linesJob, openTestEngine, readTable, runJobOnce, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';
import { tempDir } from '../support/temp-dir.ts';

describeWithPostgres('a document that cannot be read among others', () => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await openTestEngine();
  });
  afterEach(async () => {
    await test.close();
  });

  it('is a rejection, and postpones withdrawals until every document is readable again', async () => {
    const directory = tempDir();
    const sync = (name: string, ...documents: readonly string[]) => {
      const path = join(directory, name);
      writeFileSync(path, buildZip(documents.map((content, i) => ({ name: `${String(i)}.json`, content }))));
      const readers = [{ type: 'file', args: { path } }, { type: 'zip' }, { type: 'json' }];
      return runJobOnce(test.steps, linesJob('', { readers }));
    };
    const table = async () =>
      Object.fromEntries((await readTable(test.pool, 'lines')).map(({ id, withdrawn }) => [id, withdrawn]));

    await sync('first.zip', '[{"id":"a"},{"id":"b"}]', '[{"id":"c"}]');
    const broken = await sync('broken.zip', '[{"id":"a"}]', 'no JSON at all');
    expect(broken.outcome).toBe('partial');
    expect(broken.tasks[0]?.targets).toMatchObject([{ withdrawn: 0 }]);
    const { rows } = await test.pool.query<{ code: string }>('SELECT code FROM vocab_sync.rejection');
    expect(rows.map(({ code }) => code)).toEqual(['E_DOCUMENT_UNREADABLE']);
    expect(await table()).toEqual({ a: false, b: false, c: false });

    const whole = await sync('whole.zip', '[{"id":"a"}]', '[{"id":"c"}]');
    expect(whole.tasks[0]?.targets).toMatchObject([{ withdrawn: 1 }]);
    expect(await table()).toEqual({ a: false, b: true, c: false });
  });
});
