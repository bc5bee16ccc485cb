import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { withHomeLock } from '../../src/embedded/home-lock.ts';
import { identifySelf } from '../../src/embedded/process-identity.ts';
import { tempDir } from '../support/temp-dir.ts';

it('says who waits for whom, and gives up after a quarter of an hour with the name of the holder', async () => {
  const path = join(tempDir(), 'lock');
  writeFileSync(path, JSON.stringify(identifySelf()));
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => {
    vi.useRealTimers();
    rmSync(path, { force: true });
  });
  const pid = String(process.pid);
  const said: string[] = [];
  const waiting = withHomeLock(
    path,
    (line) => {
      said.push(line);
      vi.setSystemTime(Date.now() + 15 * 60_000);
    },
    () => Promise.resolve('done'),
  );
  vi.setSystemTime(Date.now() + 16_000);
  await expect(waiting).rejects.toMatchObject({
    code: 'E_HOME_BUSY',
    message: `The vocab-sync process ${pid} holds ${path} for more than 15 minutes. End it, or use another VOCAB_SYNC_HOME.`,
  });
  expect(said).toEqual([`Waiting for another vocab-sync command (process ${pid}) to start or stop its servers.`]);
});

it.each(['', 'null', '{"pid":', '[]', '{}'])('takes over a lock that a power loss left as %j', async (left) => {
  const path = join(tempDir(), 'lock');
  writeFileSync(path, left);
  const wait = (line: string): void => {
    throw new Error(`it waits: ${line}`);
  };
  expect(await withHomeLock(path, wait, () => Promise.resolve('done'))).toBe('done');
});
