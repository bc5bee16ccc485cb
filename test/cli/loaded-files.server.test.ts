/** A start loads the components that the job names and nothing of the others. Needs the build. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { PROJECT_ROOT } from '../support/source-files.ts';

/** Runs a command over a job and returns the source files of all chunks that Node loaded, from their maps. */
function loadedBy(command: string): readonly string[] {
  const directory = tempDir();
  const coverage = join(directory, 'coverage');
  const job = join(directory, 'towns.json');
  const path = join(directory, 'towns.csv');
  writeFileSync(path, 'id,label\na,Alpha\n');
  const readers = [{ type: 'file', args: { path } }, { type: 'csv' }];
  const writers = [{ type: 'postgres', args: { table: 'towns' } }];
  writeFileSync(job, JSON.stringify({ id: 'towns', title: 'Towns', readers, writers }));
  const { status, stderr } = spawnSync(process.execPath, [join(PROJECT_ROOT, 'dist/src/cli/main.js'), command, job], {
    cwd: directory,
    encoding: 'utf8',
    env: { ...process.env, NODE_V8_COVERAGE: coverage, VOCAB_SYNC_PLUGINS: '' },
  });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const scripts = readdirSync(coverage).flatMap((file) => {
    const { result } = JSON.parse(readFileSync(join(coverage, file), 'utf8')) as { result: { url: string }[] };
    return result.map(({ url }) => url).filter((url) => url.startsWith('file:'));
  });
  return scripts
    .map((url) => fileURLToPath(url))
    .filter((path) => existsSync(`${path}.map`))
    .flatMap(sourcesOf);
}

function sourcesOf(chunk: string): readonly string[] {
  const { sources } = JSON.parse(readFileSync(`${chunk}.map`, 'utf8')) as { sources: string[] };
  return sources.map((source) => relative(PROJECT_ROOT, resolve(dirname(chunk), source)));
}

const COMPONENT = /^(?:readers|transformers|writers)\/(?!index)[\w-]+\.ts$/;
const LIBRARY = /node_modules\/(?:ajv|yaml|fast-xml-parser|n3|got|pg|@aws-sdk\/[\w-]+)\//;

it.each(['check', 'preview'])('%s loads the components that the job names, and no others', (command) => {
  const loaded = loadedBy(command);
  const components = loaded.filter((file) => COMPONENT.test(file));
  expect(components.toSorted()).toEqual(['readers/csv.ts', 'readers/file.ts', 'writers/postgres.ts']);
  expect(loaded.filter((file) => LIBRARY.test(file))).toEqual([]);
});
