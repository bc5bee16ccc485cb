/** What VS Code makes of the schema that `vocab-sync schema` prints: completion, hover texts and diagnostics, in JSON and YAML. */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { runWords } from '../cli/run-words.ts';
import { openJsonEditor, openYamlEditor, type Editor } from '../support/editors.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';

const ZOD = pathToFileURL(createRequire(import.meta.url).resolve('zod')).href;
const PLUG_IN = `import { z } from '${ZOD}';
const args = z.strictObject({ sheet: z.string().regex(/^[A-Z]+$/, 'expected a name in capital letters').describe('The sheet of the ledger to read.') });
export const readers = [{ type: 'acme-ledger', version: 1, summary: 'The rows of a ledger of Acme', args, examples: [], coverage: 'full', accepts: 'bytes', emits: 'records', async *read() {} }];`;

const JOB = {
  id: 'mine',
  title: 'Mine',
  vocabulary: 'subjects',
  readers: [{ type: 'file', args: { path: 'a.csv' } }, { type: 'csv' }],
  transformers: [{ type: 'map', args: { fields: { '/id': { from: '/id' } } } }],
  writers: [{ type: 'postgres', args: { table: 'mine' } }],
};

const API = { origin: 'https://example.org/a', items: '/items', paging: { type: 'page', parameter: 'page' } };

let json: Editor;
let yaml: Editor;

beforeAll(async () => {
  const cwd = makeTempDir('vocab-sync-editors-');
  writeFileSync(join(cwd, 'plug-in.mjs'), PLUG_IN);
  const { stdout } = await runWords(['schema'], { cwd, env: { VOCAB_SYNC_PLUGINS: './plug-in.mjs' } });
  const schema = JSON.parse(stdout) as object;
  [json, yaml] = [openJsonEditor(schema), openYamlEditor(schema)];
}, 60_000);

type Language = 'json' | 'yaml';
const LANGUAGES: readonly Language[] = ['json', 'yaml'];
const editorOf = (language: Language): Editor => (language === 'json' ? json : yaml);
const render = (language: Language, set: object): string =>
  language === 'json' ? JSON.stringify({ ...JOB, ...set }, null, 2) : stringify({ ...JOB, ...set }, { lineWidth: 0 });

describe.each(LANGUAGES)('the schema in an editor of %s', (language) => {
  const problems = (set: object) => editorOf(language).problems(render(language, set));

  it.each([
    ['a job', {}],
    [
      'a job with an API, a plug-in and references',
      {
        readers: [{ type: 'http-api', args: { ...API, headers: { Authorization: { $secret: 'env:TOKEN' } } } }],
        writers: [{ type: 'postgres', args: { table: { $arg: 'table' } } }],
        arguments: { type: 'object', properties: { table: { type: 'string' } } },
      },
    ],
    ['a job with a plug-in', { readers: [JOB.readers[0], { type: 'acme-ledger', args: { sheet: 'MAIN' } }] }],
    ['a job with a vocabulary of its own', { vocabulary: 'our-things' }],
    [
      'a job of tasks',
      {
        readers: undefined,
        transformers: undefined,
        writers: undefined,
        tasks: { one: { readers: JOB.readers, writers: JOB.writers } },
      },
    ],
  ])('underlines nothing in %s', async (_, set) => {
    expect(await problems(set)).toEqual([]);
  });

  it.each([
    ['an unknown key', { vocabluary: 'subjects' }, 'vocabluary', 'vocabluary'],
    ['an unknown reader', { readers: [{ type: 'cvs' }] }, 'cvs', 'csv'],
    ['an unknown argument', { readers: [{ type: 'file', args: { paht: 'a' } }] }, 'paht', 'paht'],
    [
      'an argument of another type',
      { readers: [JOB.readers[0], { type: 'csv', args: { max_record_bytes: 'ten' } }] },
      'ten',
      'integer|number',
    ],
    ['an argument that is missing', { readers: [{ type: 'http' }, JOB.readers[1]] }, '', 'args'],
    ['an id with a space', { id: 'my job' }, 'my job', 'lower-case letters'],
    ['a vocabulary in capitals', { vocabulary: 'Subjects' }, 'Subjects', 'lower-case letters'],
    [
      'a secret of an unknown kind',
      { readers: [{ type: 'http', args: { origin: { $secret: 'TOKEN' } } }, JOB.readers[1]] },
      'TOKEN',
      'env:NAME',
    ],
    [
      'a pointer of map without a slash',
      { transformers: [{ type: 'map', args: { fields: { '/id': { from: 'id' } } } }] },
      'id',
      'JSON pointer',
    ],
    [
      'a target of map without a slash',
      { transformers: [{ type: 'map', args: { fields: { id: { from: '/id' } } } }] },
      'id',
      'begins with',
    ],
    [
      'an unknown option of a field',
      { transformers: [{ type: 'map', args: { fields: { '/id': { form: '/id' } } } }] },
      'form',
      'form',
    ],
    [
      'an unknown conversion',
      { transformers: [{ type: 'map', args: { fields: { '/id': { from: '/id', convert: [{ type: 'trimm' }] } } } }] },
      'trimm',
      'trim',
    ],
    [
      'an unknown way of paging',
      { readers: [{ type: 'http-api', args: { ...API, paging: { type: 'pages', parameter: 'page' } } }] },
      'pages',
      'next_link',
    ],
    [
      'a key that paging does not have',
      { readers: [{ type: 'http-api', args: { ...API, paging: { type: 'page', parameter: 'page', last: 1 } } }] },
      'last',
      'last',
    ],
    [
      'a wrong argument of a plug-in',
      { readers: [JOB.readers[0], { type: 'acme-ledger', args: { sheet: 'main' } }] },
      'main',
      'capital letters',
    ],
    ['a guard above its limit', { guards: { max_shrink_percent: 500 } }, '500', '100'],
  ])('underlines %s, with words', async (_, set, at, words) => {
    const found = await problems(set);
    const shown = JSON.stringify(found);
    expect(
      found.some((problem) => problem.at.includes(at)),
      shown,
    ).toBe(true);
    expect(found.map(({ message }) => message).join('\n'), shown).toMatch(new RegExp(words));
    expect(shown).not.toMatch(/does not match the pattern/);
    expect(found.length, shown).toBeLessThanOrEqual(2);
  });
});

const CASES: readonly [what: string, texts: Record<Language, string>, expected: readonly string[]][] = [
  [
    'types of readers, with those of plug-ins',
    { json: '{"readers": [{"type": "|"}]}', yaml: 'readers:\n  - type: |' },
    ['http-api', 'csv', 'xlsx', 'acme-ledger'],
  ],
  [
    'types of transformers',
    { json: '{"transformers": [{"type": "|"}]}', yaml: 'transformers:\n  - type: |' },
    ['map', 'validate', 'drop-where'],
  ],
  [
    'arguments of a reader',
    {
      json: '{"readers": [{"type": "http-api", "args": {|}}]}',
      yaml: 'readers:\n  - type: http-api\n    args:\n      |',
    },
    ['origin', 'items', 'paging', 'oauth'],
  ],
  [
    'arguments of a plug-in',
    {
      json: '{"readers": [{"type": "acme-ledger", "args": {|}}]}',
      yaml: 'readers:\n  - type: acme-ledger\n    args:\n      |',
    },
    ['sheet'],
  ],
  [
    'ways of paging',
    {
      json: '{"readers": [{"type": "http-api", "args": {"paging": {"type": "|"}}}]}',
      yaml: 'readers:\n  - type: http-api\n    args:\n      paging:\n        type: |',
    },
    ['next_link', 'cursor'],
  ],
  ['names of vocabularies', { json: '{"vocabulary": "|"}', yaml: 'vocabulary: |' }, ['affiliations', 'subjects']],
  [
    'the fields of the vocabulary in map',
    {
      json: '{"vocabulary": "subjects", "transformers": [{"type": "map", "args": {"fields": {"|"}}}]}',
      yaml: 'vocabulary: subjects\ntransformers:\n  - type: map\n    args:\n      fields:\n        |',
    },
    ['/id', '/scheme', '/title/en', '/synonyms'],
  ],
  [
    'the fields of an item of a list in map',
    {
      json: '{"vocabulary": "subjects", "transformers": [{"type": "map", "args": {"fields": {"/identifiers": {"each": {"|"}}}}}]}',
      yaml: 'vocabulary: subjects\ntransformers:\n  - type: map\n    args:\n      fields:\n        /identifiers:\n          each:\n            |',
    },
    ['/scheme', '/identifier'],
  ],
  [
    'the fields of the vocabulary of a task in map',
    {
      json: '{"tasks": {"one": {"vocabulary": "funders", "transformers": [{"type": "map", "args": {"fields": {"|"}}}]}}}',
      yaml: 'tasks:\n  one:\n    vocabulary: funders\n    transformers:\n      - type: map\n        args:\n          fields:\n            |',
    },
    ['/name', '/country'],
  ],
  [
    'what a field of map may have',
    {
      json: '{"transformers": [{"type": "map", "args": {"fields": {"/id": {|}}}}]}',
      yaml: 'transformers:\n  - type: map\n    args:\n      fields:\n        /id:\n          |',
    },
    ['from', 'query', 'convert', 'languages'],
  ],
  [
    'types of conversions',
    {
      json: '{"transformers": [{"type": "map", "args": {"fields": {"/id": {"from": "/a", "convert": [{"type": "|"}]}}}}]}',
      yaml: 'transformers:\n  - type: map\n    args:\n      fields:\n        /id:\n          from: /a\n          convert:\n            - type: |',
    },
    ['number', 'date', 'split'],
  ],
];

describe.each(LANGUAGES)('completion in %s', (language) => {
  it.each(CASES)('proposes %s', async (_, texts, expected) => {
    const proposed = (await editorOf(language).proposals(texts[language])).map((label) => label.replaceAll('"', ''));
    expect(proposed).toEqual(expect.arrayContaining([...expected]));
  });
});

const HOVERS: readonly [what: string, texts: Record<Language, string>, words: string][] = [
  [
    'a key of the job',
    { json: '{"vocabul|ary": "subjects"}', yaml: 'vocabul|ary: subjects' },
    'The kind of the records',
  ],
  ['a reader', { json: '{"readers": [{"type": "xl|sx"}]}', yaml: 'readers:\n  - type: xl|sx' }, 'Excel workbook'],
  [
    'an argument',
    {
      json: '{"readers": [{"type": "csv", "args": {"enco|ding": "latin-1"}}]}',
      yaml: 'readers:\n  - type: csv\n    args:\n      enco|ding: latin-1',
    },
    'encoding',
  ],
  [
    'an argument of a plug-in',
    {
      json: '{"readers": [{"type": "acme-ledger", "args": {"she|et": "A"}}]}',
      yaml: 'readers:\n  - type: acme-ledger\n    args:\n      she|et: A',
    },
    'sheet of the ledger',
  ],
  [
    'a field of the record',
    {
      json: '{"vocabulary": "subjects", "transformers": [{"type": "map", "args": {"fields": {"/syno|nyms": {"from": "/a"}}}}]}',
      yaml: 'vocabulary: subjects\ntransformers:\n  - type: map\n    args:\n      fields:\n        /syno|nyms:\n          from: /a',
    },
    'further names',
  ],
  [
    'an option of a field',
    {
      json: '{"transformers": [{"type": "map", "args": {"fields": {"/id": {"requ|ired": false}}}}]}',
      yaml: 'transformers:\n  - type: map\n    args:\n      fields:\n        /id:\n          requ|ired: false',
    },
    'Whether a record without this value is rejected',
  ],
];

describe.each(LANGUAGES)('a hover in %s', (language) => {
  it.each(HOVERS)('explains %s', async (_, texts, words) => {
    expect(await editorOf(language).hover(texts[language])).toContain(words);
  });
});
