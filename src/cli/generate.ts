/**
 * `npm run generate [-- --check]`: writes the files that are generated from the definitions in the code, or fails if
 * they are out of date.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findPackageRoot } from '../job/package-root.ts';
import { generateFiles } from '../job/reference/generated-files.ts';
import { toCustomArgsPage, type CustomArgsCase } from '../job/reference/custom-args-page.ts';
import type { JsonObject } from '../records/json-object.ts';
import { apiPages } from './api-pages.ts';
import { catalog } from './catalog.ts';
import { commandsReference } from './commands-reference.ts';

const onlyCheck = process.argv.includes('--check');
const stale: string[] = [];

const files = {
  ...(await generateFiles(catalog)),
  ...(await apiPages(findPackageRoot())),
  'docs/reference/commands.md': await commandsReference(),
  'docs/reference/custom-args.md': toCustomArgsPage(
    await readTestData<JsonObject>('custom-args.base.json'),
    await readTestData<readonly CustomArgsCase[]>('custom-args.cases.json'),
  ),
};

for (const [file, text] of Object.entries(files)) {
  const path = join(findPackageRoot(), file);
  const current = existsSync(path) ? await readFile(path, 'utf8') : undefined;
  if (current === text) continue;
  stale.push(file);
  if (onlyCheck) continue;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

if (stale.length === 0) {
  process.stdout.write('All generated files are current.\n');
} else if (onlyCheck) {
  process.stderr.write(`Out of date: ${stale.join(', ')}. Run \`npm run generate\` and commit what it writes.\n`);
  process.exitCode = 1;
} else {
  process.stdout.write(`Written: ${stale.join(', ')}.\n`);
}

/** Generating is for a checkout, where the tests are. */
async function readTestData<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(join(findPackageRoot(), 'test', 'job', name), 'utf8')) as T;
}
