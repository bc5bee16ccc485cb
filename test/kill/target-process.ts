/** A target of the tests as a process: killed and started again, it holds what it did, whatever it had answered. */
import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findUnusedPort } from '../support/listen-locally.ts';
import { holdFileOf, readJournal, type Entry } from './target-journal.ts';

export type TargetKind = 'rest' | 'search' | 'solr' | 'webhook';

export interface TargetProcess {
  readonly url: string;
  /** Every change that it made, in order. */
  entries(): readonly Entry[];
  /** From now on it does what it is asked to, and answers only the first so many changes. */
  hold(changes: number): void;
  /** It answers again. What it kept back is never answered. */
  release(): void;
  /** Forgets everything, at an address that it never had: what a job published at the old one belongs to that job. */
  clear(): Promise<void>;
  /** SIGKILL, and started again. It answers. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** `isLate`: some of its answers never come. See target-server.ts. */
export async function openTargetProcess(
  kind: TargetKind,
  directory: string,
  { isLate = false } = {},
): Promise<TargetProcess> {
  let port = String(await findUnusedPort());
  const journal = join(directory, `${kind}.journal`);
  const program = join(import.meta.dirname, 'target-server.ts');
  const start = async (): Promise<ChildProcess> => {
    const args = ['--import', 'tsx', program, kind, port, journal, ...(isLate ? ['late'] : [])];
    const child = spawn(process.execPath, args, {
      cwd: join(import.meta.dirname, '../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', resolve);
      child.once('exit', () => {
        reject(new Error(`${program} ended before it listened`));
      });
    });
    return child;
  };
  let child = await start();
  const release = (): void => {
    rmSync(holdFileOf(journal), { force: true });
  };
  return {
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    entries: () => readJournal(journal),
    hold(changes) {
      writeFileSync(holdFileOf(journal), String(readJournal(journal).length + changes));
    },
    release,
    async clear() {
      await endOf(child);
      rmSync(journal, { force: true });
      port = String(await findUnusedPort());
      child = await start();
    },
    async kill() {
      await endOf(child);
      release();
      child = await start();
    },
    close: () => endOf(child),
  };
}

/** With SIGKILL. It may have ended by itself. */
export async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
