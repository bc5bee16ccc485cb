/** The writer `stdout`: lines for programs of the operator, through a named pipe, a file or the standard output. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ChangesSink } from '../../src/component/writer.ts';
import type { Change } from '../../src/records/change.ts';
import { stdout } from '../../writers/stdout.ts';
import { noApi } from '../support/no-services.ts';
import { PROJECT_ROOT } from '../support/source-files.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { tempDir } from '../support/temp-dir.ts';

const open = (args: object, signal = new AbortController().signal): Promise<ChangesSink> =>
  stdout.open(stdout.args.parse({ name: 'feed', ...args }), {
    ...{ run: 'run-1', job: 'job-a', task: 'main', signal, api: noApi, logger: silentLogger() },
    turn: () => Promise.resolve(),
  });
const changes = (count: number): Change[] =>
  Array.from({ length: count }, (_, i) => {
    const document = { id: `r${String(i)}`, name: 'ü'.repeat(200) };
    return { id: document.id, kind: 'update', document, before: { id: document.id, name: 'old' }, overwrites: false };
  });
const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

it('adds lines to a file, the same key for the same change', async () => {
  const path = join(tempDir(), 'changes.jsonl');
  writeFileSync(path, '');
  const sink = await open({ path, before: true });
  await sink.write(changes(1));
  await sink.write(changes(2));
  await sink.close();
  const [first, again, second] = linesOf(readFileSync(path, 'utf8'));
  expect(first).toMatchObject({
    ...{ type: 'vocab-sync.change', run: 'run-1', job: 'job-a', target: 'stdout:feed', id: 'r0', kind: 'update' },
    ...{ record: { id: 'r0' }, before: { name: 'old' } },
  });
  expect(again).toEqual(first);
  expect(second?.['key']).not.toBe(first?.['key']);
});

it('waits for a reader of a named pipe, and for a slow one', async () => {
  const path = join(tempDir(), 'pipe');
  execFileSync('mkfifo', [path]);
  await expect(open({ path })).rejects.toMatchObject({ code: 'E_TARGET_UNAVAILABLE' });
  const reader = spawn('sh', ['-c', 'exec 3<"$0"; sleep 0.3; cat <&3', path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  reader.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise((resolve) => reader.once('close', resolve));
  let sink: ChangesSink | undefined;
  while (sink === undefined) sink = await open({ path }).catch(() => undefined);
  // More than a pipe holds.
  const results = await sink.write(changes(1000));
  await sink.close();
  await ended;
  expect(results.every(({ result }) => result === 'done')).toBe(true);
  expect(linesOf(Buffer.concat(chunks).toString()).map(({ id }) => id)).toEqual(changes(1000).map(({ id }) => id));
});

it('notices that its reader ended, and can be stopped while it waits', async () => {
  const path = join(tempDir(), 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = spawn('sh', ['-c', 'exec sleep 30 3<"$0"', path], { stdio: 'ignore' });
  const stop = new AbortController();
  let sink: ChangesSink | undefined;
  while (sink === undefined) sink = await open({ path }, stop.signal).catch(() => undefined);
  const waiting = sink.write(changes(1000));
  stop.abort(new Error('CANCELLED'));
  await expect(waiting).rejects.toThrow('CANCELLED');
  await sink.close();
  const ended = new Promise((resolve) => reader.once('close', resolve));
  const next = await open({ path });
  reader.kill('SIGKILL');
  await ended;
  await expect(next.write(changes(1))).rejects.toMatchObject({ code: 'E_TARGET_UNAVAILABLE' });
  await next.close();
});

it('creates no file', async () => {
  const path = join(tempDir(), 'no-such-pipe');
  await expect(open({ path })).rejects.toMatchObject({ code: 'E_TARGET_FORBIDDEN' });
  expect(existsSync(path)).toBe(false);
});

it('writes to the standard output without a path', () => {
  const script = `
    import { stdout } from ${JSON.stringify(join(PROJECT_ROOT, 'writers', 'stdout.ts'))};
    const { signal } = new AbortController();
    const sink = await stdout.open(stdout.args.parse({ name: 'log' }), { run: 'r', job: 'j', task: 'main', signal });
    await sink.write([{ id: 'a', kind: 'insert', document: { id: 'a' }, overwrites: false }]);`;
  const text = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: PROJECT_ROOT,
    encoding: 'utf8',
  });
  expect(linesOf(text)).toMatchObject([{ type: 'vocab-sync.change', id: 'a', kind: 'insert' }]);
});
