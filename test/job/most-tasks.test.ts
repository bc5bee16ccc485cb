import { expect, it } from 'vitest';
import { MOST_TASKS } from '../../src/job/check/check-job.ts';
import { check } from './check-text.ts';

function jobOf(tasks: number, cells: number): Record<string, unknown> {
  const task = (name: string): Record<string, unknown> => ({
    vocabulary: 'affiliations',
    readers: [{ type: 'file', args: { path: '/x' } }, { type: 'json' }],
    writers: [{ type: 'postgres', args: { table: `${name}_{{year}}` } }],
  });
  const names = Array.from({ length: tasks }, (_, i) => `t${String(i)}`);
  return {
    id: 'many',
    title: 'Many',
    matrix: { year: Array.from({ length: cells }, (_, i) => i) },
    tasks: Object.fromEntries(names.map((name) => [name, task(name)])),
  };
}

const tooMany = async (tasks: number, cells: number) =>
  (await check(jobOf(tasks, cells))).problems.filter(({ message }) => message.includes('tasks in one run'));

it('refuses more tasks, times the cells of the matrix, than one run has room for', async () => {
  expect(await tooMany(4, MOST_TASKS / 4)).toEqual([]);
  expect(await tooMany(4, MOST_TASKS / 4 + 1)).toMatchObject([
    { severity: 'error', pointer: '/matrix', message: expect.stringContaining('found 204') as string },
  ]);
});
