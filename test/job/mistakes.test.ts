/** Mistakes that operators make in job files: each has its place, what was expected and found, and what to do. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../src/component/catalog.ts';
import { loadCatalog } from '../../src/cli/catalog.ts';
import { parseJob } from '../../src/job/parse-job.ts';

interface Mistake {
  readonly mistake: string;
  /** Laid over the base; null removes a key. */
  readonly set?: Readonly<Record<string, unknown>>;
  /** The whole file. */
  readonly text?: string;
  readonly pointer: string;
  readonly line: number;
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;
}

interface Mistakes {
  readonly base: object;
  readonly cases: readonly Mistake[];
}

const read = (file: string): Mistakes => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as Mistakes;

let catalog: Catalog;
beforeAll(async () => {
  catalog = await loadCatalog({ plugins: [], targetsFile: undefined }, process.cwd());
});

function textOf({ text, set }: Mistake, base: object): string {
  const job = Object.entries({ ...base, ...set }).filter(([, value]) => value !== null);
  return text ?? JSON.stringify(Object.fromEntries(job), null, 2);
}

describe.each([
  ['a job', read('mistakes.cases.json')],
  ['a job with http-api, items or split', read('api-mistakes.cases.json')],
])('check of %s', (_, { base, cases }) => {
  it('has nothing to say of the job that the mistakes are made in', async () => {
    expect((await parseJob(JSON.stringify(base), { catalog, file: 'mine.json' })).problems).toEqual([]);
  });

  it.each(cases)('explains $mistake', async (mistake) => {
    const { problems } = await parseJob(textOf(mistake, base), { catalog, file: 'mine.json' });
    const { pointer, line, expected, found, remedy } = mistake;
    const places = problems.map((problem) => [problem.pointer, problem.line]);
    expect(places).toContainEqual([pointer, line]);
    const message = problems.find((problem) => problem.pointer === pointer && problem.line === line)?.message;
    for (const word of [expected, found, remedy]) expect(message).toContain(word);
    expect(JSON.stringify(problems)).not.toMatch(/hunter22|abcdefgh|hooks\.example/);
  });
});
