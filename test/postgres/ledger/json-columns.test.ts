/** The JSON columns of the ledger: what is not understood names its row, and older versions are migrated. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import * as columns from '../../../src/postgres/ledger/json-columns.ts';
import { refusalOf } from '../../support/refusal-of.ts';

const run = '0197a2b4-0000-7000-8000-000000000001';
const { RUN_ERROR, RUN_JOB, TASK_COUNTS, TASK_SOURCE, defineJsonColumn } = columns;

it('name run, column, what was expected and what was found', () => {
  const { code, message, details } = refusalOf(() => TASK_COUNTS.parse({ read: 'many' }, run));
  expect(code).toBe('E_LEDGER_ROW');
  for (const part of [run, 'vocab_sync.task.counts', '/read', 'a number', 'many']) expect(message).toContain(part);
  expect(details).toMatchObject({ run, column: 'task.counts', pointer: '/read' });
});

it('refuse what is no job', () => {
  expect(refusalOf(() => RUN_JOB.parse({ $schema: 1, value: { id: 'a' } }, run)).code).toBe('E_LEDGER_ROW');
  expect(refusalOf(() => RUN_JOB.parse({ $schema: 0, value: {} }, run)).code).toBe('E_LEDGER_ROW');
});

it('leave a row of a newer release to a newer worker', () => {
  const { code, message } = refusalOf(() => RUN_ERROR.parse({ $schema: 2, value: {} }, run));
  expect(code).toBe('E_NEWER_RELEASE');
  expect(message).toContain('vocab_sync.run.error');
});

it('keep unknown keys and the order of keys', () => {
  const stored = { version: { zeta: 1, version: '1', name: 'a', alpha: { b: 1 } }, added: true };
  expect(JSON.stringify(TASK_SOURCE.parse(stored, run))).toBe(JSON.stringify(stored));
});

it('migrate older versions one after the other, and store the newest', () => {
  const column = defineJsonColumn<{ readonly size: number; readonly unit: string }>('test.size', [
    { schema: () => z.number() },
    { schema: () => z.object({ size: z.number() }), migrate: (size) => ({ size }) },
    {
      schema: () => z.object({ size: z.number(), unit: z.string() }),
      migrate: (size) => ({ ...(size as object), unit: 'B' }),
    },
  ]);
  const today = { size: 3, unit: 'B' };
  expect(column.parse(3, run)).toEqual(today);
  expect(column.parse({ $schema: 2, value: { size: 3 } }, run)).toEqual(today);
  expect(column.parse(JSON.parse(column.toText(today)), run)).toEqual(today);
  expect(refusalOf(() => column.parse({ $schema: 3, value: { size: 3 } }, run)).message).toContain('/unit');
});

it('are all columns of the migrations, apart from those that hold whole records', () => {
  const folder = join(import.meta.dirname, '../../../src/postgres/migrations');
  const sql = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  const found = sql.flatMap((text) => columnsOf(text));
  expect(found).toContain('task.counts');
  const names = Object.values(columns).flatMap((one) => (typeof one === 'object' ? [one.name] : []));
  // `note.notes` and `outgoing.notes` are copied to `change.notes` by the database; `job_version.config` is a job file.
  const others = ['job_version.config', 'note.notes', 'outgoing.notes'];
  const isRecord = (name: string) => /\.(record|remote|before|after|before_json|after_json|held)$/.test(name);
  expect(found.filter((name) => !isRecord(name) && !others.includes(name)).sort()).toEqual(names.sort());
});

/** As `table.column`. */
function columnsOf(sql: string): readonly string[] {
  const statements = sql
    .replaceAll(/--.*$/gm, '')
    .matchAll(/(?:CREATE (?:UNLOGGED )?TABLE|ALTER TABLE) vocab_sync\.(\w+)([^;]*);/g);
  return [...statements].flatMap(([, table = '', body = '']) =>
    [...body.matchAll(/^\s*(?:ADD COLUMN )?(\w+) jsonb?\b|ADD COLUMN (\w+) jsonb?\b/gm)].map(
      ([, one, other]) => `${table}.${one ?? other ?? ''}`,
    ),
  );
}
