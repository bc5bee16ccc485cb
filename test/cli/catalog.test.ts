import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalog, loadCatalog } from '../../src/cli/catalog.ts';

let folder: string;

const ZOD = pathToFileURL(createRequire(import.meta.url).resolve('zod')).href;
const DEFINITION = `{ type: 'tsv', version: 1, summary: 'Rows', args: (await import('${ZOD}')).z.strictObject({}), examples: [], coverage: 'full', accepts: 'bytes', emits: 'records', async *read() {} }`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vocab-sync-plugins-'));
  await writeFile(join(folder, 'tsv.mjs'), `export const readers = [${DEFINITION}];`);
  await writeFile(join(folder, 'zip.mjs'), `export const readers = [${DEFINITION.replace('tsv', 'zip')}];`);
  await writeFile(join(folder, 'odd.mjs'), 'export const readers = [{ type: "tsv" }];');
  await writeFile(
    join(folder, 'loose.mjs'),
    'export const readers = [{ type: "tsv", version: 1, summary: "Rows", examples: [], args: {} }];',
  );
  await writeFile(join(folder, 'broken.mjs'), 'throw new Error("out of order");');
  await mkdir(join(folder, 'node_modules', 'tsv-reader'), { recursive: true });
  await writeFile(
    join(folder, 'node_modules', 'tsv-reader', 'package.json'),
    '{"name": "tsv-reader", "main": "main.mjs"}',
  );
  await writeFile(join(folder, 'node_modules', 'tsv-reader', 'main.mjs'), `export const readers = [${DEFINITION}];`);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('plug-ins', () => {
  it('are none by default', async () => {
    expect(await loadCatalog({ plugins: [], targetsFile: undefined })).toBe(catalog);
  });

  it.each(['./tsv.mjs', 'tsv-reader'])('%s adds its components to ours', async (name) => {
    const loaded = await loadCatalog({ plugins: [name], targetsFile: undefined }, folder);
    expect(loaded.readers.types).toEqual([...catalog.readers.types, 'tsv']);
  });

  it.each([
    ['./none.mjs', 'cannot be loaded'],
    ['no-such-module', 'cannot be loaded'],
    ['./broken.mjs', 'out of order'],
    ['./odd.mjs', '"args" to be a schema of zod 4, found nothing'],
    ['./loose.mjs', '"args" to be a schema of zod 4, found an object'],
    ['./zip.mjs', 'two readers are registered as "zip"'],
  ])('%s is refused with its reason', async (name, says) => {
    const loading = loadCatalog({ plugins: [name], targetsFile: undefined }, folder);
    await expect(loading).rejects.toMatchObject({ code: 'E_SETTINGS_INVALID' });
    await expect(loading).rejects.toThrow(says);
  });
});
