/** The documentation holds what it promises: every JSON snippet works, every link leads somewhere, what is generated is current. */
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

/** A part of a job is completed to a whole one, in which it must be without problems; several where one type is of two kinds. */
function toJobs(part: unknown): unknown[] {
  if (!isJsonObject(part)) return [part];
  if (referenceKind(part) !== undefined) return [{ ...whole, writers: [{ type: 'postgres', args: { table: part } }] }];
  if (typeof part['type'] === 'string') return withComponent(part['type'], part).map((list) => ({ ...whole, ...list }));
  return [Object.hasOwn(part, 'id') || Object.hasOwn(part, 'config') ? part : { ...whole, ...part }];
}

function withComponent(type: string, component: JsonObject): JsonObject[] {
  if (type === 'crontab' || type === 'interval') return [{ schedule: component }];
  const source = { type: 'file', args: { path: 'x' } };
  const reader = catalog.readers.get(type);
  const head = reader?.accepts === 'nothing' ? [] : [source];
  const tail = reader?.emits === 'bytes' ? [{ type: 'json' }] : [];
  const isOther = catalog.transformers.has(type) || catalog.writers.has(type);
  return [
    ...(reader === undefined && isOther ? [] : [{ readers: [...head, component, ...tail] }]),
    ...(catalog.transformers.has(type) ? [{ transformers: [component] }] : []),
    ...(catalog.writers.has(type) ? [{ writers: [component] }] : []),
  ];
}

function problemsOf(job: unknown): string[] {
  return parseJob(JSON.stringify(job, null, 2), { catalog })
    .problems.filter(isError)
    .map(formatProblem);
}

describe('JSON in the documentation', () => {
  const config = snippets.filter(({ language }) => language === 'json');
  const data = snippets.filter(({ language }) => /^json data\b/.test(language));
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

  it.each(config)('$place is a job, or a part of one, without a problem', ({ text }) => {
    const problems = toJobs(JSON.parse(text)).map(problemsOf);
    expect(problems).toContainEqual([]);
  });

  it.each(data)('$place is JSON', ({ text }) => {
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  });

  it.each(customArgs)('$place can be laid over a shipped job', ({ text }) => {
    const shipped = readFileSync(join(root, 'config', 'jobs', 'ror-affiliations.json'), 'utf8');
    expect(() => createEffectiveJob({ config: shipped, catalog, customArgs: JSON.parse(text) })).not.toThrow();
  });
});

/** As GitHub makes the anchor of a heading. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
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

describe('generated files', () => {
  it.each(Object.entries(generateFiles(catalog)))('%s is current (npm run generate)', (file, text) => {
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
