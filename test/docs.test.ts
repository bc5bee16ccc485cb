/** Checks the documentation: every JSON snippet works, every link has a target, and generated pages are current. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalog } from '../src/cli/catalog.ts';
import type { ReadContext } from '../src/component/reader.ts';
import { isFailure } from '../src/records/entry.ts';
import { createEffectiveJob } from '../src/job/effective/effective-job.ts';
import { isJsonObject, type JsonObject } from '../src/records/json-object.ts';
import { findPackageRoot } from '../src/job/package-root.ts';
import { parseJob } from '../src/job/parse-job.ts';
import { formatProblem, isError } from '../src/job/check/problem.ts';
import { generateFiles } from '../src/job/reference/generated-files.ts';
import { referenceKind } from '../src/job/effective/references.ts';
import { tsv } from './docs/tsv.ts';

const root = findPackageRoot();

function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file));
}

const top = readdirSync(root).filter((file) => file.endsWith('.md'));
const pages = [...top, ...markdownIn('docs')].map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));

interface Snippet {
  readonly place: string;
  readonly language: string;
  readonly text: string;
}

function snippetsOf({ file, text }: { file: string; text: string }): Snippet[] {
  const found = [...text.matchAll(/^( *)```(\S[^\n]*)\n(.*?)^\1```$/gms)];
  return found.map((match) => ({
    place: `${file}:${String(text.slice(0, match.index).split('\n').length)}`,
    language: (match[2] ?? '').trim(),
    text: match[3] ?? '',
  }));
}

const snippets = pages.flatMap(snippetsOf);

const whole = {
  id: 'snippet',
  title: 'Snippet',
  vocabulary: 'affiliations',
  readers: [{ type: 'file', args: { path: 'x.json' } }, { type: 'json' }],
  writers: [{ type: 'postgres', args: { table: 'snippet' } }],
};

/**
 * A part of a job is completed to a whole one, in which it must be without problems; several where one type is of two
 * kinds.
 */
async function toJobs(part: unknown): Promise<unknown[]> {
  if (!isJsonObject(part)) return [part];
  if (referenceKind(part) !== undefined) return [{ ...whole, writers: [{ type: 'postgres', args: { table: part } }] }];
  if (typeof part['type'] === 'string') {
    const lists = await withComponent(part['type'], part);
    return lists.map((list) => ({ ...whole, ...list }));
  }
  return [Object.hasOwn(part, 'id') || Object.hasOwn(part, 'config') ? part : { ...whole, ...part }];
}

async function withComponent(type: string, component: JsonObject): Promise<JsonObject[]> {
  if (type === 'crontab' || type === 'interval') return [{ schedule: component }];
  const source = { type: 'file', args: { path: 'x' } };
  const reader = await catalog.readers.load(type);
  const head = reader?.accepts === 'nothing' ? [] : [source];
  const tail = reader?.emits === 'bytes' ? [{ type: 'json' }] : [];
  const isTransformer = catalog.transformers.types.includes(type);
  const isWriter = catalog.writers.types.includes(type);
  return [
    ...(reader === undefined && (isTransformer || isWriter) ? [] : [{ readers: [...head, component, ...tail] }]),
    ...(isTransformer ? [{ transformers: [component] }] : []),
    ...(isWriter ? [{ writers: [component] }] : []),
  ];
}

async function problemsOf(job: unknown): Promise<string[]> {
  return (await parseJob(JSON.stringify(job, null, 2), { catalog })).problems.filter(isError).map(formatProblem);
}

describe('JSON in the documentation', () => {
  const config = snippets.filter(({ language }) => language === 'json');
  const data = snippets.filter(({ language }) => /^json (data\b|plug-in:)/.test(language));
  const customArgs = snippets.filter(({ language }) => language === 'json custom-args');

  it('is there', () => {
    expect(config.length).toBeGreaterThan(10);
    expect(customArgs.length).toBeGreaterThan(0);
  });

  it('is marked as a job or a part of one (json), as custom args (json custom-args) or as anything else (json data)', () => {
    const marked = [...config, ...data, ...customArgs].map(({ place }) => place);
    const others = snippets.filter(({ language, place }) => language.startsWith('json') && !marked.includes(place));
    expect(others.map(({ place, language }) => `${place} ${language}`)).toEqual([]);
  });

  it.each(config)('$place is a job, or a part of one, without a problem', async ({ text }) => {
    const jobs = await toJobs(JSON.parse(text));
    expect(await Promise.all(jobs.map(problemsOf))).toContainEqual([]);
  });

  it.each(data)('$place is JSON', ({ text }) => {
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  });

  it.each(customArgs)('$place can be laid over a shipped job', async ({ text }) => {
    const shipped = readFileSync(join(root, 'config', 'jobs', 'ror-affiliations.json'), 'utf8');
    const effective = createEffectiveJob({ config: shipped, catalog, customArgs: JSON.parse(text) });
    await expect(effective).resolves.toBeDefined();
  });
});

/** As GitHub makes the anchors of headings: equal ones are numbered. */
function anchorsOf(text: string): string[] {
  const counts = new Map<string, number>();
  return [...text.matchAll(/^#+ (.+)$/gm)].map((match) => {
    const anchor = (match[1] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    const count = counts.get(anchor) ?? 0;
    counts.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${String(count)}`;
  });
}

function brokenLinks({ file, text }: { file: string; text: string }): string[] {
  const prose = text.replaceAll(/^( *)```.*?^\1```$/gms, '');
  const links = [...prose.matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g), ...prose.matchAll(/(?:src|href)="([^"]+)"/g)];
  return links
    .map((match) => match[1] ?? '')
    .filter((link) => !/^[a-z]+:/i.test(link))
    .filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? join(root, file) : join(root, dirname(file), decodeURIComponent(path));
      if (!existsSync(target)) return true;
      return (
        anchor !== undefined && target.endsWith('.md') && !anchorsOf(readFileSync(target, 'utf8')).includes(anchor)
      );
    });
}

describe('links in the documentation', () => {
  it.each(pages)('of $file lead somewhere', (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });
});

interface PlainWord {
  readonly pattern: string;
  readonly instead: string;
}

const plainWords = JSON.parse(readFileSync(join(root, 'test', 'plain-words.json'), 'utf8')) as PlainWord[];

/** Lint checks the comments in the code with the same list. Code, and the titles of tests, are not checked. */
function wordsToReplace(text: string): string[] {
  const prose = text
    .replaceAll(/^( *)```.*?^\1```$/gms, '')
    .replaceAll(/`[^`]*`/g, '')
    .replaceAll(/^- Test: .*$/gm, '')
    .replaceAll(/\s+/g, ' ');
  return plainWords.flatMap(({ pattern, instead }) =>
    [...prose.matchAll(new RegExp(`.{0,40}\\b(?:${pattern})\\b.{0,40}`, 'gi'))].map(
      ([found]) => `write ${instead} in: ${found}`,
    ),
  );
}

describe('the language of the documentation', () => {
  it('is checked', () => {
    expect(wordsToReplace('Whoever reads this\nis told.')).toHaveLength(2);
    expect(wordsToReplace('`beside` is the name of a field.')).toEqual([]);
  });

  it.each(pages)('is plain English in $file', ({ text }) => {
    expect(wordsToReplace(text)).toEqual([]);
  });
});

const generated = await generateFiles(catalog);

describe('generated files', () => {
  it.each(Object.entries(generated))('%s is current (npm run generate)', (file, text) => {
    expect(existsSync(join(root, file)), `${file} is missing`).toBe(true);
    expect(readFileSync(join(root, file), 'utf8') === text, `${file} is out of date: npm run generate`).toBe(true);
  });
});

describe('the reader of write-a-component.md', () => {
  const path = join(root, 'test', 'docs', 'tsv.ts');

  it('stands there as it is tested here', () => {
    const shown = snippets.find(({ language }) => language === 'ts tsv');
    const tested = readFileSync(path, 'utf8').replaceAll("'../../src/", "'../src/");
    expect(shown?.text, `copy ${relative(root, path)} into the page`).toBe(tested);
  });

  it('reads rows across chunks and yields a bad one as a failure', async () => {
    const chunks = ['id\tna', 'me\n1\tone\n2\n', '3\tth', 'ree'].map((text) => Buffer.from(text));
    const resource = { name: 'x.tsv', stream: () => toAsync(chunks) };
    const context = { from: 0, signal: new AbortController().signal } as ReadContext;
    const items = [];
    for await (const batch of tsv.read(resource, { max_line_characters: 100 }, context)) items.push(...batch);
    expect(items.map((item) => (isFailure(item) ? item.error.code : item.value))).toEqual([
      { id: '1', name: 'one' },
      'E_RECORD_SYNTAX',
      { id: '3', name: 'three' },
    ]);
    expect(items.map(({ position }) => position)).toEqual([0, 1, 2]);
  });
});

async function* toAsync<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}
