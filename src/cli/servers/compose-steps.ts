/** Step processes from the settings of this process; the same from the sources and from dist. */
import { fork, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openStepProcesses, type StepProcesses } from '../../isolation/step-processes.ts';
import { findPackageRoot } from '../../job/package-root.ts';
import { rememberSecret } from '../../logging/redact.ts';
import type { Settings } from '../../settings.ts';

export interface StepProcessParts {
  readonly settings: Settings;
  readonly databaseUrl: string;
  readonly cwd: string;
}

/** Of the memory that a process may hold: V8 collects in time below its own limit, and buffers need room beside it. */
const HEAP_SHARE = 0.6;

export function composeStepProcesses({ settings, databaseUrl, cwd }: StepProcessParts): StepProcesses {
  const { temporal: _temporal, origins: _origins, variable: _variable, ...rest } = settings;
  const megabytes = settings.stepMemoryMegabytes;
  return openStepProcesses({
    fork: () => forkStepProcess(Math.round(megabytes * HEAP_SHARE)),
    setup: { settings: rest, databaseUrl, cwd, memory: { mostBytes: megabytes * 1024 ** 2 } },
    onSecret: rememberSecret,
    mostProcesses: Math.floor(settings.totalStepMemoryMegabytes / megabytes),
  });
}

/** From the sources the process needs what this one was started with. By its own path: the working directory is any. */
function tsxLoader(): string {
  return pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
}

function forkStepProcess(heapMegabytes: number): ChildProcess {
  const isSource = import.meta.url.endsWith('.ts');
  const program = isSource
    ? join(import.meta.dirname, 'step-process.ts')
    : join(findPackageRoot(), 'dist', 'src', 'cli', 'servers', 'step-process.js');
  return fork(program, {
    execArgv: [
      ...(isSource ? ['--import', tsxLoader()] : []),
      `--max-old-space-size=${String(heapMegabytes)}`,
      '--max-semi-space-size=8',
      '--heap-growing-percent=30',
    ],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}
