/** What `preview` says of each bad file of test/fixtures, word for word: test/fixtures/texts.json (`vitest -u` rewrites it). */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatFixtures } from '../support/format-fixtures.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { runWords } from './run-words.ts';

type Readers = readonly { readonly type: string; readonly args?: Readonly<Record<string, unknown>> }[];

const READERS: Readonly<Record<string, Readers>> = {
  csv: [{ type: 'csv', args: { max_record_bytes: 1000 } }],
  gzip: [{ type: 'gzip' }, { type: 'json' }],
  json: [{ type: 'json' }],
  jsonl: [{ type: 'jsonl' }],
  rdf: [{ type: 'rdf' }],
  tar: [{ type: 'tar' }, { type: 'json' }],
  xml: [{ type: 'xml', args: { root_element: 'item', max_record_bytes: 20_000 } }],
  yaml: [{ type: 'yaml' }],
  zip: [{ type: 'zip', args: { regex: '.' } }, { type: 'json' }],
};

const UNPACKED = { regex: '.', max_ratio: 1e12, max_entry_bytes: 1e9 };
/** Fixtures about one limit alone: another limit, or the parser, would speak first. */
const SPECIAL: Readonly<Record<string, Readers>> = {
  'gzip/E_ARCHIVE_RATIO.bomb.gz': [{ type: 'gzip' }, { type: 'jsonl' }],
  'tar/E_ARCHIVE_RATIO.bomb.tar.gz': [{ type: 'tar' }, { type: 'jsonl' }],
  'tar/E_TAR_TRUNCATED.declares-9-gigabytes.tar.gz': [{ type: 'tar', args: { regex: 'none' } }, { type: 'json' }],
  'zip/E_ARCHIVE_SIZE.declares-a-terabyte.zip': [{ type: 'zip', args: UNPACKED }, { type: 'json' }],
};

const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url));
const files = readdirSync(FIXTURES)
  .filter((format) => format in READERS)
  .flatMap((format) =>
    formatFixtures(format, 'bad').map((file) => ({ ...file, format, name: `${format}/${file.name}` })),
  );

let cwd: string;
beforeAll(() => {
  cwd = makeTempDir();
});
afterAll(() => {
  rmSync(cwd, { recursive: true, force: true });
});

interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** What ended the reading, else what each record was refused for. Places that depend on the version of Node are left out. */
async function textsOf({ name, path, format }: (typeof files)[number]): Promise<string[]> {
  const readers = [{ type: 'file', args: { path } }, ...(SPECIAL[name] ?? READERS[format] ?? [])];
  const job = join(cwd, 'job.json');
  const writers = [{ type: 'file', args: { path: 'out.jsonl' } }];
  writeFileSync(job, JSON.stringify({ id: 'bad', title: 'A bad file', readers, writers }));
  const { stdout, stderr } = await runWords(['preview', job], { cwd });
  const error = /^error: (?<message>[^]*?)\n {2}code: {8}(?<code>\w+)$/m.exec(stderr)?.groups as Refusal | undefined;
  const refused = stdout
    .split('\n')
    .filter((line) => line.includes('"rejected"'))
    .map((line) => (JSON.parse(line) as { rejected?: Refusal }).rejected);
  return [error, ...refused].flatMap((found) => {
    if (found === undefined) return [];
    const { code, message } = found;
    return `${code}: ${message.replace(/(: )(?:Expected|Unexpected)[^:]* in JSON at position.*/, '$1…').replace(/(after byte )\d+( of its content)/, '$1…$2')}`;
  });
}

describe('a bad file', () => {
  it('is told in the words of test/fixtures/texts.json, by the code that names it', async () => {
    const texts: Record<string, string> = {};
    for (const file of files) texts[file.name] = (await textsOf(file)).join('\n');
    await expect(`${JSON.stringify(texts, null, 2)}\n`).toMatchFileSnapshot('../fixtures/texts.json');
    const otherwise = files.filter(({ name, code }) => !new RegExp(`^${code}: `, 'm').test(texts[name] ?? ''));
    expect(otherwise.map(({ name }) => name)).toEqual([]);
  }, 120_000);
});
