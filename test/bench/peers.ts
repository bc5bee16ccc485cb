/**
 * The tools that roads are compared with: dlt, DuckDB, openpyxl and jmespath in a virtual environment with pinned versions.
 * Without it, the roads are only compared with their own limits.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { findPythonEnvironment, openPythonEnvironment } from '../support/python-environment.ts';
import { runCommand } from './measure.ts';

export interface Peers {
  /** Runs one mode of peers/peers.py in its own process. */
  run(mode: string, args: readonly string[], input?: string): Promise<PeerTimes>;
}

export interface PeerTimes {
  readonly records: number;
  /** The work without the start of Python and its modules. */
  readonly seconds: number;
  /** The whole process. */
  readonly wholeSeconds: number;
  readonly megabytes: number;
  readonly characters: number;
}

const here = join(import.meta.dirname, 'peers');
const script = join(here, 'peers.py');
const environment = {
  directory: join(findPackageRoot(), 'node_modules', '.cache', 'bench-peers'),
  requirements: join(here, 'requirements.txt'),
  constraints: join(here, 'constraints.txt'),
};

/** Installs the tools if `installs`. Returns undefined, with a loud line, if they are not installed. */
export function openPeers(installs: boolean): Peers | undefined {
  const python = installs ? openPythonEnvironment(environment) : findPythonEnvironment(environment);
  if (python === undefined) {
    console.log(
      '\nNOT COMPARED with dlt, DuckDB, openpyxl and jmespath: they are not installed. Run `npm run bench -- --install-peers` once (Python 3.10 or later, about 300 MB); it installs pinned versions below node_modules/.cache.',
    );
    return undefined;
  }
  const versions = JSON.parse(execFileSync(python, [script, 'versions'], { encoding: 'utf8' })) as object;
  const names = Object.entries(versions).map(([name, version]) => `${name} ${String(version)}`);
  console.log(`\ncompared with ${names.join(', ')}`);
  return {
    async run(mode, args, input) {
      const { stdout, seconds: wholeSeconds } = await runCommand(
        python,
        ['-W', 'ignore', script, mode, ...args],
        QUIET,
        input,
      );
      const measured = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Omit<PeerTimes, 'wholeSeconds'>;
      return { ...measured, wholeSeconds };
    },
  };
}

const QUIET = { PYTHONDONTWRITEBYTECODE: '1', RUNTIME__DLTHUB_TELEMETRY: 'false', RUNTIME__LOG_LEVEL: 'CRITICAL' };
