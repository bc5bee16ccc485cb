/** `vocab-sync worker` as a process of its own, as it is deployed: to be killed, stopped, frozen and thawed. */
import { spawn, spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { startRelay } from './kill-relay.ts';
import { until } from './until.ts';

export interface WorkerProcess {
  readonly pid: number;
  /** What Temporal calls it, up to the slash. */
  readonly identity: string;
  /** SIGKILL: gone at once. SIGTERM: asked to hand over. */
  signal(signal: 'SIGKILL' | 'SIGTERM'): void;
  /**
   * SIGSTOP, with its connections to the database open. Those to Temporal end, as they do when a machine sleeps: the
   * server would hand tasks to polls that nobody answers, and each of them would cost a timeout.
   */
  freeze(): void;
  /** SIGCONT */
  thaw(): void;
  /** The exit code, or null where a signal ended it. */
  readonly exited: Promise<number | null>;
  isAlive(): boolean;
  log(): string;
}

export interface WorkerServers {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly namespace: string;
  readonly queue: string;
  readonly home: string;
}

const PROGRAM = join(import.meta.dirname, '../../dist/src/cli/main.js');

/** Resolves when it polls its queue. `env` are further settings. */
export async function startWorkerProcess(
  servers: WorkerServers,
  env: Readonly<Record<string, string>> = {},
): Promise<WorkerProcess> {
  const relay = await startRelay(servers.temporalAddress);
  const child = spawn(process.execPath, [PROGRAM, 'worker', '--queue', servers.queue], {
    cwd: servers.home,
    env: {
      PATH: process.env['PATH'],
      HOME: servers.home,
      DATABASE_URL: servers.databaseUrl,
      TEMPORAL_ADDRESS: relay.address,
      TEMPORAL_NAMESPACE: servers.namespace,
      VOCAB_SYNC_HOME: servers.home,
      LOG_FORMAT: 'json',
      LOG_LEVEL: 'info',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${PROGRAM} cannot be started`);
  let log = '';
  let isAlive = true;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
  }
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => {
      isAlive = false;
      relay.close();
      resolve(code);
    });
  });
  await until(
    `worker ${String(pid)} polls`,
    () => {
      if (!isAlive) throw new Error(`the worker ended before it polled:\n${log}`);
      return Promise.resolve(log.includes('worker started'));
    },
    60,
  );
  return {
    pid,
    identity: `${String(pid)}@${hostname()}`,
    signal: (signal) => child.kill(signal),
    freeze: () => {
      for (const one of [pid, ...stepProcessesOf(pid)]) process.kill(one, 'SIGSTOP');
      relay.cut();
    },
    thaw: () => {
      for (const one of [pid, ...stepProcessesOf(pid)]) process.kill(one, 'SIGCONT');
    },
    exited,
    isAlive: () => isAlive,
    log: () => log,
  };
}

/** A machine that sleeps stops the worker together with the processes of its steps. */
function stepProcessesOf(pid: number): readonly number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  return stdout.split('\n').filter(Boolean).map(Number);
}
