/** What a batch holds is what the stage has: every column, any text, any size, and without the documents that were cut. */
import { hash } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { inTransaction, type Pool } from '../../../src/postgres/pool.ts';
import { createStageBatch } from '../../../src/postgres/stage/stage-batch.ts';
import { appendStage, createStage, stageNames } from '../../../src/postgres/stage/stage-table.ts';
import { describeWithPostgres } from '../../support/postgres.ts';
import { openTestEngine, type TestEngine } from '../../support/engine.ts';

const NAMES = stageNames('00000000-0000-4000-8000-000000000001', 0);

describeWithPostgres.each(['json', 'jsonb'] as const)('rows with documents of %s', (documents) => {
  let test: TestEngine;
  let pool: Pool;
  beforeEach(async () => {
    test = await openTestEngine();
    pool = test.pool;
  });
  afterEach(async () => {
    await test.close();
  });

  const read = async (): Promise<readonly unknown[][]> => {
    const { rows } = await pool.query<Record<string, unknown>>(
      `SELECT partition, seq, id, encode(hash, 'hex') AS hash, record::text AS record, encode(source_hash, 'escape') AS source_hash, known
       FROM ${NAMES.stage} ORDER BY seq`,
    );
    return rows.map((row) => Object.values(row));
  };

  it('arrive as they were added, in batches that follow each other', async () => {
    const batch = createStageBatch(7, documents);
    const text = (length: number): string => JSON.stringify({ v: `é\u{1f600}\\"\n${'x'.repeat(length)}` });
    // The second is larger than a segment; together the others fill several.
    const lengths = [1, 700_000, ...Array.from({ length: 40 }, (_, i) => 20_000 + i)];
    await inTransaction(pool, async (client) => {
      await createStage(client, NAMES, documents);
      for (const [seq, length] of lengths.entries())
        batch.addRow({ seq, id: `ä${String(seq)}`, json: text(length), sourceHash: undefined });
      await appendStage(client, NAMES, batch);
      batch.clear();
      batch.addKnown({ seq: 2 ** 40, sourceHash: 'abcdefghijklmnop' });
      batch.addDeletion({ seq: 2 ** 40 + 1, id: 'gone ß' });
      batch.addRow({ seq: 2 ** 40 + 2, id: 'last', json: '{}', sourceHash: 'ponmlkjihgfedcba' });
      await appendStage(client, NAMES, batch);
    });
    const hashOf = (json: string): string => hash('sha256', json);
    const rows = await read();
    const stored = (json: string): string => (documents === 'json' ? json : json.replace(':', ': '));
    expect(rows).toEqual([
      ...lengths.map((length, seq) => [
        7,
        seq,
        `ä${String(seq)}`,
        hashOf(text(length)),
        stored(text(length)),
        null,
        false,
      ]),
      [7, 2 ** 40, null, null, null, 'abcdefghijklmnop', true],
      [7, 2 ** 40 + 1, 'gone ß', null, null, null, false],
      [7, 2 ** 40 + 2, 'last', hashOf('{}'), '{}', 'ponmlkjihgfedcba', false],
    ]);
  });

  it('go without the documents that are published, and stay what they are', async () => {
    const batch = createStageBatch(0, documents);
    const published = new Set<string>();
    const expected: unknown[][] = [];
    for (let seq = 0; seq < 3_000; seq++) {
      const json = `{"v": ${String(seq)}, "text": "${'y'.repeat(seq % 700)}"}`;
      const id = `id-${String(seq)}`;
      if (seq % 5 === 4) {
        batch.addKnown({ seq, sourceHash: 'abcdefghijklmnop' });
        expected.push([0, seq, null, null, null, 'abcdefghijklmnop', true]);
        continue;
      }
      const isPublished = seq % 3 === 0 || seq > 2_500;
      batch.addRow({ seq, id, json, sourceHash: undefined });
      if (isPublished) published.add(`${id} ${hash('sha256', json)}`);
      expected.push([0, seq, id, hash('sha256', json), isPublished ? null : seq, null, false]);
    }
    batch.cutPublished((id, digest) => published.has(`${id} ${digest}`));
    await inTransaction(pool, async (client) => {
      await createStage(client, NAMES, documents);
      await appendStage(client, NAMES, batch);
    });
    const rows = await read();
    const withoutText = rows.map((row) =>
      row.map((value, i) => (i === 4 && typeof value === 'string' ? (JSON.parse(value) as { v: number }).v : value)),
    );
    expect(withoutText).toEqual(expected);
  });
});
