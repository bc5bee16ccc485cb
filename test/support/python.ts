/** Python as an independent parser. Its standard library suffices, except where a test names a module. */
import { execFileSync } from 'node:child_process';
import { describe, type TestOptions } from 'vitest';

/** `TEST_PYTHON` names another interpreter, such as that of a virtual environment with PyYAML. */
const PYTHON = process.env['TEST_PYTHON'] ?? 'python3';

/** Runs a script that reads JSON from stdin and writes JSON to stdout. */
export function runPython(script: string, input: unknown): unknown {
  const output = execFileSync(PYTHON, ['-X', 'utf8', '-c', script], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 256 * 1024 ** 2,
    timeout: 60_000,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return JSON.parse(output);
}

/** Skips with one loud line where `python3`, or a module it needs, is missing. With CI set, only modules may be missing. */
export function describeWithPython(
  name: string,
  modules: readonly string[],
  options: TestOptions,
  body: () => void,
): void {
  const missing = findMissing(modules);
  if (missing === undefined) {
    describe(name, options, body);
    return;
  }
  if (missing === 'python3' && process.env['CI'] !== undefined) throw new Error('CI needs python3 on PATH.');
  process.stderr.write(`\nSKIPPED: "${name}", because ${missing} is not installed.\n\n`);
  describe.skip(name, body);
}

function findMissing(modules: readonly string[]): string | undefined {
  if (!canRun('pass')) return 'python3';
  return modules.find((module) => !canRun(`import ${module}`));
}

function canRun(script: string): boolean {
  try {
    execFileSync(PYTHON, ['-c', script], { stdio: 'ignore', timeout: 30_000 });
    return true;
  } catch {
    return false;
  }
}
