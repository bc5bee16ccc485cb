/** What becomes of the errors of a plug-in, which knows nothing of our register of codes. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { defineReader } from '../../src/component/reader.ts';
import { defineTransformer } from '../../src/component/transformer.ts';
import { RecordError, SourceError, UnavailableError } from '../../src/errors.ts';
import { readAttempts } from '../../src/postgres/ledger/run-log.ts';
import type { ReadItem } from '../../src/records/entry.ts';
import { linesJob, openTestEngine, runJobOnce, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';

const NAMED = { version: 1, summary: 'A plug-in for a test.', examples: [], args: z.strictObject({}) };

function parser(type: string, read: () => AsyncIterable<readonly ReadItem[]>) {
  return defineReader({ ...NAMED, type, coverage: 'full', accepts: 'bytes', emits: 'records', read });
}

async function* throwing(error: unknown): AsyncGenerator<readonly ReadItem[]> {
  yield await Promise.resolve([]);
  throw error as Error;
}

async function* yielding(...errors: unknown[]): AsyncGenerator<readonly ReadItem[]> {
  yield await Promise.resolve(errors.map((error, position) => ({ position, error: error as RecordError })));
}

const readers = [
  parser('throws-unavailable', () => throwing(new UnavailableError('ACME_DOWN' as 'E_SOURCE_UNAVAILABLE', 'down'))),
  parser('throws-source', () => throwing(new SourceError('ACME_BROKEN' as 'E_SOURCE_EMPTY', 'broken'))),
  parser('throws-plain', () => throwing(new Error('boom'))),
  parser('throws-text', () => throwing('just a text')),
  parser('yields', () =>
    yielding(
      new Error('plain'),
      new RecordError('ACME_BAD' as 'E_RECORD_TYPE', 'own code'),
      new RecordError(undefined as unknown as 'E_RECORD_TYPE', 'no code'),
      'a text',
      null,
    ),
  ),
];
const transformers = [
  defineTransformer({
    ...NAMED,
    type: 'throws-away',
    create: () => () => {
      throw new UnavailableError('ACME_DOWN' as 'E_SOURCE_UNAVAILABLE', 'down');
    },
  }),
];

describeWithPostgres('the errors of a plug-in', () => {
  let test: TestEngine;
  beforeAll(async () => {
    test = await openTestEngine(undefined, { readers, transformers });
  });
  afterAll(() => test.close());

  const run = (type: string, changes: Record<string, unknown> = {}) => {
    const path = test.file(`${type}.jsonl`, '{"id":"a"}\n');
    return runJobOnce(
      test.steps,
      linesJob(path, { id: type, readers: [{ type: 'file', args: { path } }, { type }], ...changes }),
    );
  };

  it.each([
    ['throws-unavailable', { code: 'ACME_DOWN', kind: 'unavailable', message: 'down' }],
    ['throws-source', { code: 'ACME_BROKEN', kind: 'source', message: 'broken' }],
    [
      'throws-plain',
      { code: 'E_COMPONENT_CRASH', message: expect.stringContaining('"throws-plain" failed') as string },
    ],
    ['throws-text', { code: 'E_COMPONENT_CRASH', message: expect.stringContaining('just a text') as string }],
  ])('%s: the original reaches the end of the run, and the attempt is closed', async (type, error) => {
    await expect(run(type)).rejects.toMatchObject(error);
    const { rows } = await test.pool.query<{ id: string }>('SELECT id FROM vocab_sync.run WHERE job_id = $1', [type]);
    const attempts = await readAttempts(test.pool, rows[0]?.id ?? '');
    const staged = attempts.filter(({ step }) => step === 'stagePartition');
    expect(staged).toMatchObject([{ error: { code: error.code } }]);
  });

  it('is not a rejection where a transformer says that something is unavailable', async () => {
    const transformer = { transformers: [{ type: 'throws-away' }], readers: undefined };
    const path = test.file('away.jsonl', '{"id":"a"}\n');
    const config = linesJob(path, { id: 'away', ...transformer });
    config['readers'] = linesJob(path)['readers'];
    await expect(runJobOnce(test.steps, config)).rejects.toMatchObject({ code: 'ACME_DOWN', kind: 'unavailable' });
  });

  it('become rejections with a code where they are yielded', async () => {
    const report = await run('yields');
    expect(report).toMatchObject({ outcome: 'partial', tasks: [{ counts: { read: 5, rejected: 5 } }] });
    const { rows } = await test.pool.query<{ code: string; message: string }>(
      'SELECT code, message FROM vocab_sync.rejection WHERE run_id = $1 ORDER BY id',
      [report.run],
    );
    expect(rows).toEqual([
      { code: 'E_RECORD_CRASH', message: 'plain' },
      { code: 'ACME_BAD', message: 'own code' },
      { code: 'E_RECORD_CRASH', message: 'no code' },
      { code: 'E_RECORD_CRASH', message: 'a text' },
      { code: 'E_RECORD_CRASH', message: 'null' },
    ]);
  });
});
