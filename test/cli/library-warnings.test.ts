/** What the program prints when a library warns. Adversary finding L11. */
import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const PROGRAM = pathToFileURL(join(import.meta.dirname, '../../src/cli/start/run-program.ts')).href;
const AWS = 'The AWS SDK for JavaScript (v3) will\nno longer support Node.js 20 in January 2027.';
const PG =
  "SECURITY WARNING: The SSL modes 'prefer', 'require', and 'verify-ca' are treated as aliases for 'verify-full'.";

async function stderrOf(...words: readonly string[]): Promise<string> {
  const script = `
    const { runProgram } = await import(${JSON.stringify(PROGRAM)});
    const ended = runProgram(['types', ...${JSON.stringify(words)}]);
    for (const text of ${JSON.stringify([AWS, PG, 'Something else\nis wrong.'])}) process.emitWarning(text);
    await ended;
  `;
  const args = ['--import', 'tsx', '--input-type=module', '-e', script];
  return (await promisify(execFile)(process.execPath, args, { cwd: join(import.meta.dirname, '../..') })).stderr;
}

it('shows advice of libraries with --debug only, and any other warning in one line', async () => {
  const other = 'warning: Warning: Something else is wrong.';
  expect((await stderrOf()).trim().split('\n')).toEqual([other]);
  const lines = (await stderrOf('--debug')).trim().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^warning: Warning: The AWS SDK for JavaScript/);
  expect(lines[1]).toContain("SSL modes 'prefer'");
});
