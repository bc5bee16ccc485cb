/** Ctrl-C ends a preview that is stuck in one record and hears nothing. */
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { makeTempDir } from '../support/make-temp-dir.ts';

const resolve = (name: string): string => pathToFileURL(createRequire(import.meta.url).resolve(name)).href;

it('ends at once while a record blocks the event loop', { timeout: 60_000 }, async () => {
  const home = makeTempDir();
  writeFileSync(
    join(home, 'stuck.mjs'),
    `import { writeSync } from 'node:fs';
import { z } from ${JSON.stringify(resolve('zod'))};
const create = () => () => {
  writeSync(2, 'the record begins');
  for (;;);
};
export const transformers = [{ type: 'stuck', version: 1, summary: 'Hangs.', examples: [], args: z.object({}), create }];
`,
  );
  writeFileSync(join(home, 'a.jsonl'), '{"id":"a"}\n');
  const job = {
    id: 'stuck',
    title: 'Stuck',
    readers: [{ type: 'file', args: { path: join(home, 'a.jsonl') } }, { type: 'jsonl' }],
    transformers: [{ type: 'stuck' }],
    writers: [{ type: 'postgres', args: { table: 'stuck' } }],
  };
  writeFileSync(join(home, 'job.json'), JSON.stringify(job));
  const program = join(import.meta.dirname, '../../src/cli/main.ts');
  const child = spawn(process.execPath, ['--import', resolve('tsx'), program, 'preview', 'job.json'], {
    cwd: home,
    env: { PATH: process.env['PATH'], HOME: home, VOCAB_SYNC_PLUGINS: './stuck.mjs' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.on('data', (chunk: Buffer) => {
    if (chunk.toString().includes('the record begins')) child.kill('SIGINT');
  });
  const signal = await new Promise((end) =>
    child.once('exit', (_code, by) => {
      end(by);
    }),
  );
  rmSync(home, { recursive: true, force: true });
  expect(signal).toBe('SIGINT');
});
