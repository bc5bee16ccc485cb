/** Jobs in YAML on the command line, and the schema for editors. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { tempDir } from '../support/temp-dir.ts';
import { runWords } from './run-words.ts';

let cwd: string;
beforeEach(() => {
  cwd = tempDir();
  cpSync(join(findPackageRoot(), 'config', 'samples', 'jobs'), join(cwd, 'jobs'), { recursive: true });
  const json = join(cwd, 'jobs', 'minerals.json');
  writeFileSync(join(cwd, 'jobs', 'minerals.yaml'), stringify(JSON.parse(readFileSync(json, 'utf8'))));
  rmSync(json);
});

it.each([
  ['check', 'jobs/minerals.yaml'],
  ['check', 'minerals'],
  ['check', 'jobs'],
  ['test', 'minerals'],
  ['test', 'jobs'],
  ['preview', 'minerals', '--input', 'jobs/minerals.csv'],
])('%s %s takes it', async (...words) => {
  const { code, stdout } = await runWords(words, { cwd });
  expect(stdout).toContain('mineral');
  expect(code).toBe(0);
});

it('places problems in the YAML, and finds a job that is there in JSON too', async () => {
  const path = join(cwd, 'jobs', 'minerals.yaml');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('table: minerals', 'tabel: minerals'));
  const line = text.slice(0, text.indexOf('table: minerals')).split('\n').length;
  const broken = await runWords(['check', 'jobs/minerals.yaml'], { cwd });
  expect(broken.stdout).toContain(`jobs/minerals.yaml:${String(line)}:`);
  expect(broken.code).toBe(1);
  writeFileSync(path, text);
  cpSync(join(findPackageRoot(), 'config', 'samples', 'jobs', 'minerals.json'), join(cwd, 'jobs', 'minerals.json'));
  const twice = await runWords(['check', 'jobs'], { cwd });
  expect(twice.stdout).toMatch(/minerals\.yaml:2:.*the id "minerals" is also that of/);
  expect(twice.code).toBe(1);
});

it('schema prints the schema of a job with the components of plug-ins', async () => {
  const zod = pathToFileURL(createRequire(import.meta.url).resolve('zod')).href;
  writeFileSync(
    join(cwd, 'plug-in.mjs'),
    `import { z } from ${JSON.stringify(zod)};
const args = z.strictObject({ speed: z.number().describe('How fast.') });
export const transformers = [{ type: 'our-own', version: 1, summary: 'Ours.', examples: [], args, create: () => (value) => value }];
`,
  );
  const { stdout, code } = await runWords(['schema'], { cwd, env: { VOCAB_SYNC_PLUGINS: './plug-in.mjs' } });
  const schema = JSON.parse(stdout) as { definitions: { transformer: { properties: { type: { enum: string[] } } } } };
  expect(schema.definitions.transformer.properties.type.enum).toEqual(expect.arrayContaining(['map', 'our-own']));
  expect(stdout).toContain('How fast.');
  expect(code).toBe(0);
});
