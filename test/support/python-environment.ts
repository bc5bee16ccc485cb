/** Virtual environments of Python with pinned packages, for what the project is compared with. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface PythonEnvironment {
  readonly directory: string;
  /** Files of pip: what is wanted, and the versions of everything that comes with it. */
  readonly requirements: string;
  readonly constraints: string;
}

/** Returns the Python of the environment, or undefined unless it has exactly the wanted packages. */
export function findPythonEnvironment(environment: PythonEnvironment): string | undefined {
  const { python, installed } = placesOf(environment);
  const isCurrent = existsSync(installed) && readFileSync(installed, 'utf8') === wantedOf(environment);
  return isCurrent ? python : undefined;
}

/** Returns the Python of the environment. Creates it and installs the packages if necessary, which takes minutes. */
export function openPythonEnvironment(environment: PythonEnvironment): string {
  const found = findPythonEnvironment(environment);
  if (found !== undefined) return found;
  const { directory, requirements, constraints } = environment;
  const { python, installed } = placesOf(environment);
  if (!existsSync(python)) run('python3', ['-m', 'venv', directory]);
  run(python, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements, '--constraint', constraints]);
  writeFileSync(installed, wantedOf(environment));
  return python;
}

function placesOf({ directory }: PythonEnvironment) {
  return { python: join(directory, 'bin', 'python'), installed: join(directory, 'installed.txt') };
}

function wantedOf({ requirements, constraints }: PythonEnvironment): string {
  return readFileSync(requirements, 'utf8') + readFileSync(constraints, 'utf8');
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: 'inherit' });
}
