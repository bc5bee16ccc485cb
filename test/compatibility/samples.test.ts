/**
 * Every record of the samples against what InvenioRDM's own code made of it: our outcome is InvenioRDM's, changed by the
 * decided differences and by nothing else. `npm run goldens` makes the goldens.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { decisionFor, type Fact } from './facts.ts';
import { casesDigest, readingCases, type ReadingCase } from './reading-cases.ts';
import {
  expectedOutcome,
  isExpected,
  linesOf,
  ourCaseOutcome,
  ourOutcomes,
  readGolden,
  sourcesOf,
  theirOutcome,
  type InvenioLine,
} from './run-samples.ts';
import { digestOf, factsOf, samples, type Sample } from './samples.ts';

const STALE = 'the golden is out of date: npm run goldens';

/** What the page calls a record. */
const nameOf = (fact: Fact): string =>
  fact.name ?? String(fact['id'] ?? fact['number'] ?? fact['concept'] ?? fact['code'] ?? fact['orcid']);

interface Comparison {
  readonly unexplained: readonly unknown[];
  /** Records of which InvenioRDM makes something else, or that end its run. */
  readonly shown: ReadonlySet<string>;
  readonly usedRules: ReadonlySet<string>;
}

async function compareSample(sample: Sample): Promise<Comparison> {
  const found = await ourOutcomes(sample);
  const lines = linesOf(sample);
  const sources = sourcesOf(sample);
  const unexplained: unknown[] = [];
  const shown = new Set<string>();
  const usedRules = new Set<string>();
  for (const [i, fact] of factsOf(sample).entries()) {
    const name = nameOf(fact);
    const theirs = lines[i] ?? {};
    const ours = found[i];
    if (ours === undefined) throw new Error(`${sample.name} has no outcome for ${name}`);
    const { outcome, warns, rules } = expectedOutcome(sample, fact, theirs, sources);
    for (const rule of rules) usedRules.add(rule);
    if (!isExpected(ours.outcome, outcome) || !isDeepStrictEqual(ours.warns, warns))
      unexplained.push({ name, ours, expected: { outcome, warns }, theirs });
    const isShown = theirs.crash !== undefined || !isExpected(ours.outcome, theirOutcome(theirs));
    if (isShown || warns.length > 0) shown.add(name);
    else if (decisionFor(fact, sample.name) !== undefined)
      unexplained.push({ name, problem: 'InvenioRDM makes the same of it', theirs });
    if (!isShown && theirs.refused !== undefined)
      unexplained.push({ name, problem: 'InvenioRDM refuses what we publish', theirs });
  }
  return { unexplained, shown, usedRules };
}

const comparisons = new Map<Sample, Promise<Comparison>>();

/** Each sample is read once, whichever tests are asked for. */
function comparisonOf(sample: Sample): Promise<Comparison> {
  const known = comparisons.get(sample) ?? compareSample(sample);
  comparisons.set(sample, known);
  return known;
}

describe.each(samples)('the sample $name', (sample) => {
  it('has the records that its golden was made of', () => {
    const facts = factsOf(sample);
    const { digest, lines } = readGolden(sample.name);
    expect(digest, STALE).toBe(digestOf(sample.write(facts), sample.invenio));
    expect(lines).toHaveLength(facts.length);
    expect(facts.length).toBeGreaterThanOrEqual(50);
  });

  it('differs from InvenioRDM by the decided differences alone', async () => {
    const { unexplained } = await comparisonOf(sample);
    expect(unexplained.slice(0, 3)).toEqual([]);
  });
});

interface CaseLine {
  readonly case: string;
  readonly lines: readonly InvenioLine[];
}

const readingGolden = readGolden<CaseLine>('reading');

/** Cases that both read alike. All others differ. */
const ALIKE = ['a packed file of lines', 'a link in a tar'];

function isReadAlike({ name, ours }: ReadingCase): boolean {
  const lines = readingGolden.lines.find(({ case: other }) => other === name)?.lines ?? [];
  const isWhole = lines.every(({ error, crash }) => error === undefined && crash === undefined);
  const theirs = lines.map(({ out }) => out);
  return isWhole && ours.error === undefined && isDeepStrictEqual(theirs, ours.items);
}

describe('reading', () => {
  it('has the cases that its golden was made of', () => {
    expect(readingGolden.digest, STALE).toBe(casesDigest());
    expect(readingGolden.lines.map(({ case: name }) => name)).toEqual(readingCases.map(({ name }) => name));
  });

  it.each(readingCases.map((each) => [each.name, each] as const))('%s', async (name, each) => {
    expect(await ourCaseOutcome(each)).toEqual(each.ours);
    expect(isReadAlike(each)).toBe(ALIKE.includes(name));
  });
});

describe('docs/compatibility.md', () => {
  const page = readFileSync(join(findPackageRoot(), 'docs/compatibility.md'), 'utf8');
  const differences = page.split(/^### /m).slice(1);

  /** `table: name` of each record that the line `- Sample:` names. */
  const namedBy = (difference: string): readonly string[] => {
    const line = /^- Sample: (.*)$/m.exec(difference)?.[1] ?? '';
    return [...line.matchAll(/`([a-z-]+)` ((?:"[^"]+"(?:, )?)+)/g)].flatMap(([, table = '', names = '']) =>
      [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => `${table}: ${name}`),
    );
  };

  const allShown = async (): Promise<readonly string[]> => {
    const records = samples.map(async (sample) =>
      [...(await comparisonOf(sample)).shown].map((name) => `${sample.table}: ${name}`),
    );
    const cases = readingCases.filter((each) => !isReadAlike(each)).map(({ name }) => `reading: ${name}`);
    return [...(await Promise.all(records)).flat(), ...cases];
  };

  it.each(differences.map((difference) => [difference.split('\n')[0] ?? '', difference] as const))(
    'names sample records that show "%s", or says why there are none',
    async (_title, difference) => {
      const named = namedBy(difference);
      if (named.length === 0) expect(difference).toMatch(/^- Sample: none\. .+\.$/m);
      expect(await allShown()).toEqual(expect.arrayContaining([...named]));
    },
  );

  it('names every record and case that is in a sample for a difference', () => {
    const named = new Set(differences.flatMap(namedBy));
    const isDecided = ({ name, differs, differs_in: differsIn }: Fact): boolean =>
      name !== undefined && (differs ?? differsIn) !== undefined;
    const records = samples.flatMap((sample) =>
      factsOf(sample)
        .filter(isDecided)
        .map((fact) => `${sample.table}: ${nameOf(fact)}`),
    );
    const cases = readingCases.filter(({ name }) => !ALIKE.includes(name)).map(({ name }) => `reading: ${name}`);
    expect([...records, ...cases].filter((name) => !named.has(name))).toEqual([]);
  });

  it('names every rule that explains a difference in the samples', async () => {
    const used = new Set((await Promise.all(samples.map(comparisonOf))).flatMap(({ usedRules }) => [...usedRules]));
    expect([...used].filter((rule) => !page.includes(`"${rule}"`))).toEqual([]);
    expect(used.size).toBeGreaterThan(20);
  });
});

it('a record that is not as decided is found', async () => {
  const [sample] = samples;
  if (sample === undefined) throw new Error('there are no samples');
  const [ours] = await ourOutcomes(sample);
  const [line] = linesOf(sample);
  const [fact] = factsOf(sample);
  if (ours === undefined || line === undefined || fact === undefined) throw new Error('the sample is empty');
  const planted = { ...line, out: { ...line.out, location_name: 'Elsewhere' } };
  const expectedOf = (theirs: InvenioLine) => expectedOutcome(sample, fact, theirs, sourcesOf(sample)).outcome;
  expect(isExpected(ours.outcome, expectedOf(line))).toBe(true);
  expect(isExpected(ours.outcome, expectedOf(planted))).toBe(false);
});
