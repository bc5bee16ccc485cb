/**
 * What InvenioRDM puts out for a project or an organization of OpenAIRE, turned into what we put out, by one rule for
 * each decided difference. Each rule is made from the source record and InvenioRDM's output alone, never from ours.
 */
import type { GoldenLine } from '../support/read-golden.ts';

type Output = Readonly<Record<string, unknown>>;
type Source = Readonly<Record<string, unknown>>;

/** What comes of an entry: a record, or the word for what is done with it instead. */
export type Outcome = Output | 'filtered' | 'rejected';

interface Rule {
  /** As docs/compatibility.md names it. */
  readonly name: string;
  readonly apply: (outcome: Outcome, source: Source, line: GoldenLine) => Outcome;
}

interface Pid {
  readonly scheme: string;
  readonly value: string;
}

export function firstOutcome(line: GoldenLine): Outcome {
  return line.out ?? 'rejected';
}

export const projectRules: readonly Rule[] = [
  { name: 'what is null is left out', apply: (outcome) => withRecord(outcome, withoutNulls) },
  { name: 'dates of the old schema', apply: (outcome, source) => withRecord(outcome, (out) => oldDates(out, source)) },
  {
    name: 'the program of both schemas',
    apply: (outcome, source) => withRecord(outcome, (out) => program(out, source)),
  },
  {
    name: 'the website of the current schema',
    apply: (outcome, source) => withRecord(outcome, (out) => website(out, source)),
  },
];

export const organizationRules: readonly Rule[] = [
  { name: 'what OpenOrgs has not curated is filtered', apply: filterUncurated },
  { name: 'identifiers of both schemas', apply: readBothSchemas },
  { name: 'a ROR id is nine characters', apply: (outcome) => withRecord(outcome, bareRor) },
  { name: 'a PIC is its nine digits', apply: (outcome) => withRecord(outcome, barePic) },
  {
    name: 'without a ROR id filtered',
    apply: (outcome) => (isRecord(outcome) && !('id' in outcome) ? 'filtered' : outcome),
  },
];

function isRecord(outcome: Outcome): outcome is Output {
  return typeof outcome !== 'string';
}

function withRecord(outcome: Outcome, change: (output: Output) => Output): Outcome {
  return isRecord(outcome) ? change(outcome) : outcome;
}

function withoutNulls(output: Output): Output {
  const isEmpty = (value: unknown): boolean =>
    value === null || (typeof value === 'object' && Object.values(value).every((inner) => inner === null));
  return Object.fromEntries(Object.entries(output).filter(([, value]) => !isEmpty(value)));
}

function oldDates(output: Output, source: Source): Output {
  const dates = { start_date: source['startdate'], end_date: source['enddate'] };
  return { ...output, ...Object.fromEntries(Object.entries(dates).filter(([, date]) => typeof date === 'string')) };
}

/** InvenioRDM reads `funding` of the one schema and `fundingStream` of the other. */
function program(output: Output, source: Source): Output {
  const text = JSON.stringify(source['fundings'] ?? source['funding'] ?? []);
  const found = /"(?:fundingStream|funding_stream)":\{"id":"[^":]*::([^":]+)/.exec(text)?.[1];
  return found === undefined ? output : { ...output, program: found };
}

function website(output: Output, source: Source): Output {
  const address = source['websiteUrl'];
  if (typeof address !== 'string' || 'identifiers' in output) return output;
  return { ...output, identifiers: [{ identifier: address, scheme: 'url' }] };
}

function filterUncurated(outcome: Outcome, source: Source): Outcome {
  return String(source['id']).replace(/^20\|/, '').startsWith('openorgs____::') ? outcome : 'filtered';
}

/** As InvenioRDM does it, had it known where the identifiers are. */
function readBothSchemas(outcome: Outcome, source: Source): Outcome {
  if (outcome !== 'rejected') return outcome;
  const output: Record<string, unknown> = {};
  for (const { scheme, value } of (source['pids'] ?? source['pid'] ?? []) as Pid[]) {
    if (scheme === 'ROR') output['id'] = value.replace('https://ror.org/', '');
    if (scheme === 'PIC') output['identifiers'] = [{ scheme: 'pic', identifier: value }];
  }
  return output;
}

function bareRor(output: Output): Output {
  return 'id' in output ? { ...output, id: String(output['id']).replace('ROR:', '') } : output;
}

function barePic(output: Output): Output {
  const identifiers = output['identifiers'] as { scheme: string; identifier: string }[] | undefined;
  if (identifiers === undefined) return output;
  const bare = identifiers.map((entry) => ({ ...entry, identifier: entry.identifier.replace('PIC:', '') }));
  return { ...output, identifiers: bare };
}
