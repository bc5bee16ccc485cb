/** Job files in YAML: the same job, the same problems, at their places in the YAML. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { catalog } from '../../src/cli/catalog.ts';
import { listJobs, shippedJobs } from '../../src/job/job-files.ts';
import { parseJob } from '../../src/job/parse-job.ts';

const { base, cases } = JSON.parse(readFileSync(new URL('mistakes.cases.json', import.meta.url), 'utf8')) as {
  readonly base: object;
  readonly cases: readonly { readonly mistake: string; readonly set?: object; readonly pointer: string }[];
};

const yaml = (text: string) => parseJob(text, { catalog, file: '/jobs/mine.yaml' });
const GOOD = `# Our job
id: mine
title: Mine
vocabulary: affiliations
readers:
  - type: ror-http
  - type: zip
    args: { regex: data }
  - type: json
transformers:
  - type: ror-affiliations
writers:
  - type: postgres
    args:
      table: affiliations
`;

it('is the same job as in JSON', async () => {
  expect((await yaml(GOOD)).problems).toEqual([]);
  for (const { path } of await listJobs([shippedJobs()])) {
    const text = readFileSync(path, 'utf8');
    const found = await parseJob(stringify(JSON.parse(text)), { catalog, file: path.replace(/json$/, 'yaml') });
    expect(found).toMatchObject({ config: (await parseJob(text, { catalog, file: path })).config, problems: [] });
  }
});

it.each(cases.filter(({ set }) => set !== undefined))(
  'says of $mistake what it says of JSON',
  async ({ set, pointer }) => {
    const job = Object.fromEntries(Object.entries({ ...base, ...set }).filter(([, value]) => value !== null));
    const [json, other] = [
      await parseJob(JSON.stringify(job), { catalog, file: 'mine.json' }),
      await yaml(stringify(job)),
    ];
    const said = ({ problems }: typeof json) =>
      problems.map((problem) => `${problem.pointer}: ${problem.message}`).toSorted();
    expect(said(other)).toEqual(said(json));
    const name = pointer
      .slice(pointer.lastIndexOf('/') + 1)
      .replaceAll('~1', '/')
      .replaceAll('~0', '~');
    const lines = stringify(job).split('\n');
    const place = other.problems.find((problem) => problem.pointer === pointer)?.line ?? 0;
    // The key, or the item of a list around it. What is missing has no line of its own.
    if (place > 1 && /[a-z]/i.test(name)) expect(lines.slice(place - 2, place + 1).join('\n')).toContain(name);
  },
);

describe('a mistake of YAML', () => {
  it.each([
    ['a tab', GOOD.replace('    args:\n', '\targs:\n'), '', 14, 'tab'],
    ['a second document', `${GOOD}---\nid: other\n`, '', 16, 'second document'],
    ['nothing but a comment', '# nothing\n', '', 1, 'found nothing'],
    ['a key twice', `${GOOD}title: Other\n`, '/title', 16, 'a second time'],
    ['an alias', GOOD.replace('title: Mine', 'title: &t Mine\ndescription: *t'), '/description', 4, 'alias'],
    ['an anchor', GOOD.replace('title: Mine', 'title: &t Mine'), '/title', 3, 'anchor'],
    ['a merge', GOOD.replace('title: Mine', '<<: { title: Mine }'), '/<<', 3, 'merge'],
    ['a tag', GOOD.replace('title: Mine', 'title: !secret Mine'), '/title', 3, 'tag'],
    ['a colon in a text', GOOD.replace('title: Mine', 'title: Mine: ours'), '', 3, 'not YAML'],
    ['a wrong indent', GOOD.replace('    args:\n      table', '   args:\n      table'), '', 14, ''],
    ['a bracket that is not closed', GOOD.replace('{ regex: data }', '{ regex: data'), '', 9, ''],
    [
      'a text that begins with an asterisk',
      GOOD.replace('regex: data', 'regex: *.json'),
      '/readers/1/args/regex',
      8,
      'alias',
    ],
    ['a number that is too large', `${GOOD}queue: 12345678901234567890\n`, '/queue', 16, 'in quotes'],
    ['a list in place of the job', '- type: json\n', '', 1, 'JSON object'],
    [
      'a key with two letters swapped',
      GOOD.replace('table:', 'tabel:'),
      '/writers/0/args/tabel',
      15,
      'did you mean "table"',
    ],
  ])('%s is found at its place', async (_, text, pointer, line, word) => {
    const { job, problems } = await yaml(text);
    expect(job).toBeUndefined();
    expect(problems.map((problem) => [problem.pointer, problem.line])).toContainEqual([pointer, line]);
    expect(problems.map(({ message }) => message).join('\n')).toContain(word);
  });

  it('is bounded: aliases are not followed, and depth ends', async () => {
    const bomb = `a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\n`;
    expect((await yaml(bomb)).problems.map(({ message }) => message).join('\n')).toContain('anchor');
    expect((await yaml(`a: ${'['.repeat(100_000)}`)).job).toBeUndefined();
  });
});

it('is refused with one problem where it is nested too deeply', async () => {
  for (const text of ['a: ' + '['.repeat(50_000), 'a: ' + '['.repeat(50_000) + '\nb: 1\nc: 2\n']) {
    expect((await yaml(text)).problems).toMatchObject([{ message: expect.stringContaining('too deeply') as string }]);
  }
});
