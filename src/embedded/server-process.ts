/**
 * A server that lives no longer than this process: it runs in its own session, so that Ctrl-C in a terminal reaches
 * only us and we stop it in order; and a leash (a shell that waits on a pipe from us) ends it when we die without a
 * chance to, `kill -9` included.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { ServerUser } from './server-user.ts';

export interface ServerProcess {
  readonly pid: number;
  /** A sentence such as "exit code 1" once it has ended. */
  ended(): string | undefined;
  /** Sends the signal, waits for the end, and kills after the grace. Does nothing when it has ended. */
  stop(signal: NodeJS.Signals, graceMilliseconds: number): Promise<void>;
}

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Takes stdout and stderr; appended to. */
  readonly logFile: string;
  readonly user?: ServerUser;
  readonly cwd?: string;
  /** What the leash sends when we are gone. */
  readonly leashSignal: 'INT' | 'TERM';
}

/** Resolves once the program runs; throws where it cannot be started at all. */
export async function spawnServer(options: ServerCommand): Promise<ServerProcess> {
  const log = openSync(options.logFile, 'a', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(options.command, [...options.args], {
      detached: true,
      stdio: ['ignore', log, log],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.user === undefined ? {} : { uid: options.user.uid, gid: options.user.gid }),
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
  } finally {
    closeSync(log);
  }
  return watch(child, options.leashSignal);
}

function watch(child: ChildProcess, leashSignal: string): ServerProcess {
  const { pid } = child;
  if (pid === undefined) throw new Error('a started process has no pid');
  let end: string | undefined;
  const leash = spawn('/bin/sh', ['-c', `cat >/dev/null; kill -${leashSignal} ${String(pid)}`], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  leash.on('error', () => undefined);
  // The leash and the server must not keep a command alive whose work is done.
  leash.unref();
  child.unref();
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      end = signal === null ? `exit code ${String(code)}` : `signal ${signal}`;
      leash.kill('SIGKILL');
      resolve();
    });
  });
  return {
    pid,
    ended: () => end,
    stop: async (signal, grace) => {
      if (end !== undefined) return;
      child.ref();
      child.kill(signal);
      const killer = setTimeout(() => child.kill('SIGKILL'), grace);
      await exited;
      clearTimeout(killer);
    },
  };
}

/** The last lines of a log, for the message of an error. */
export function tailOf(logFile: string, lines = 12): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '(no log was written)';
  }
}
