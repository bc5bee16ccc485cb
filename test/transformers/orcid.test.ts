import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { orcid } from '../../transformers/orcid.ts';
import { createOrcidMapping } from '../../transformers/orcid/create-orcid-mapping.ts';
import { orcidArgs } from '../../transformers/orcid/orcid-args.ts';
import { Skip } from '../../src/component/transformer.ts';
import { loadRecordSchema } from '../../src/job/schema/record-schema.ts';
import { refusalOf } from '../support/refusal-of.ts';
import { tempDir } from '../support/temp-dir.ts';

const ID = '0000-0002-1825-0097';
const NOW = new Date('2026-11-21T12:00:00Z');

interface Parts {
  readonly name?: unknown;
  readonly employments?: unknown;
  readonly more?: Readonly<Record<string, unknown>>;
}

function record({ name = { 'given-names': 'Josiah', 'family-name': 'Carberry' }, employments, more = {} }: Parts = {}) {
  const activities = employments === undefined ? {} : { 'activities-summary': { employments } };
  return { 'orcid-identifier': { path: ID }, person: { name }, ...activities, ...more };
}

function map(value: unknown, args: unknown = {}, isDeleted = false): unknown {
  const transform = createOrcidMapping(orcidArgs.parse(args), NOW);
  return transform(value, { origin: () => 'test', isDeleted, warn: () => undefined });
}

/** The code and the message of what was filtered. */
function filtered(value: unknown, args: unknown = {}): string {
  const made = map(value, args);
  if (!(made instanceof Skip)) throw new Error(`it was not filtered: ${JSON.stringify(made)}`);
  return `${made.code}: ${made.message}`;
}

/** One employment for each organisation: its name, its end, its id. */
function job(name: string | undefined, end?: readonly (string | undefined)[], id?: readonly [string, string]) {
  const [year, month, day] = end ?? [];
  return {
    'end-date': end === undefined ? undefined : { year, ...(month ? { month } : {}), ...(day ? { day } : {}) },
    organization: {
      name,
      'disambiguated-organization': id && {
        'disambiguation-source': id[0],
        'disambiguated-organization-identifier': id[1],
      },
    },
  };
}

function affiliations(jobs: readonly unknown[], args: unknown = {}): unknown {
  const groups = jobs.map((summary) => ({ 'employment-summary': summary }));
  return (map(record({ employments: { 'affiliation-group': groups } }), args) as Record<string, unknown>)[
    'affiliations'
  ];
}

describe('a name', () => {
  it('has both parts, and then no name of its own, as in InvenioRDM', () => {
    const made = map(record());
    expect(made).toEqual({
      id: ID,
      given_name: 'Josiah',
      family_name: 'Carberry',
      identifiers: [{ identifier: ID, scheme: 'orcid' }],
      affiliations: [],
    });
    expect(loadRecordSchema('names')?.(made)).toBeUndefined();
  });

  it.each([
    [{ 'given-names': ' Plato ' }, { name: 'Plato', given_name: 'Plato' }],
    [
      { 'given-names': '', 'family-name': 'Plato' },
      { name: 'Plato', family_name: 'Plato' },
    ],
    [
      { 'given-names': null, 'family-name': { '@visibility': 'public', '#text': 'Plato' } },
      { name: 'Plato', family_name: 'Plato' },
    ],
  ])('may have one part: %j', (name, expected) => {
    const made = map(record({ name }));
    expect(made).toEqual({ id: ID, ...expected, identifiers: [{ identifier: ID, scheme: 'orcid' }], affiliations: [] });
    expect(loadRecordSchema('names')?.(made)).toBeUndefined();
  });

  it.each([[null], [{}], [{ 'given-names': ' ' }], [{ 'credit-name': 'J. Carberry' }]])('is missing: %j', (name) => {
    const refusal = refusalOf(() => map(record({ name })));
    expect([refusal.code, refusal.details['id']]).toEqual(['E_RECORD_NO_NAME', ID]);
    expect(refusal.message).toContain(ID);
  });
});

describe('names_exclude_regex', () => {
  const called = (given: string) => record({ name: { 'given-names': given, 'family-name': 'X' } });

  it.each([
    "O'Neil",
    'Ni’mah',
    'Hawaiʻi',
    'Jean‐Luc',
    'A–B',
    'Smith, Jr. (the 2nd'.replace('2nd', 'second)'),
    '李',
    'Zoë',
    'Nuria´s',
  ])('keeps %s by default', (given) => {
    expect(map(called(given))).toMatchObject({ given_name: given });
  });

  it.each(['R2D2', 'Smith & Sons', 'a@b', 'x_y', 'A/B', '😀', '½', '№1', 'A*', '"Bob"'])(
    'leaves out %s by default',
    (given) => {
      expect(filtered(called(given))).toContain('name: names_exclude_regex excludes the name');
    },
  );

  it.each([
    ['[\\p{P}\\p{S}--[.,]]', 'A.', 'A!'],
    ['[[\\p{P}\\p{S}]--[.,]]', 'A,', 'A$'],
    ['[^\\p{L} ]', 'Ab', 'A1'],
    ['[0-9]', 'A-b', '7'],
    ['[a\\-z]', 'bcd', '-'],
    ['[]x]', 'b', ']'],
    ['(?i)test|^Dr\\.', 'Tess', 'A TEST'],
    ['\\d{4}$', '123', 'A'],
  ])('%s is understood', (pattern, kept, left) => {
    const args = { names_exclude_regex: pattern };
    expect(map(called(kept), args)).toMatchObject({ given_name: kept });
    if (left !== 'A') expect(filtered(called(left), args)).toMatch(/^name: /);
  });

  it('keeps everybody when it is null or empty', () => {
    expect(map(called('R2D2'), { names_exclude_regex: null })).toMatchObject({ given_name: 'R2D2' });
    expect(map(called('R2D2'), { names_exclude_regex: '' })).toMatchObject({ given_name: 'R2D2' });
  });

  it.each(['[a', '(a', '(?=x)', '[\\p{Nonsense}]', '[[a-z]--[[b]--c]]'])('says what is wrong with %s', (pattern) => {
    const issues = orcid.args.safeParse({ names_exclude_regex: pattern }).error?.issues ?? [];
    expect(issues.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^expected one class of characters, or/),
    ]);
  });

  it.each([
    ['[\\d\\W--\\s]', ['Ünï Łódź', '李明'], ['a-b', '٣']],
    ['\\W\\W', ['Ünï', '李明'], ['a--b']],
    ['^\\w+\\d X$', ['李明'], ['李明٣']],
    ['[\\w.]{9}', ['Ünï'], ['Ünï.Łódźy']],
    ['[\\p{Han}\\p{IsGreek}]', ['Müller'], ['李', 'Ω']],
    ['[\\pN]', ['p'], ['Ⅷ']],
  ])('means by %s what Python means', (pattern, kept, excluded) => {
    const args = { names_exclude_regex: pattern };
    for (const name of kept) expect(map(called(name), args)).toMatchObject({ given_name: name });
    for (const name of excluded) expect(filtered(called(name), args)).toContain('names_exclude_regex excludes');
  });

  it.each(['[\\p{L}&&\\p{Latin}]', '[a||b]', '[a~~b]', '[[:punct:]]', '[\\p{Nope}]', '[\\h]', '[a\\W]b'])(
    'refuses %s, which it would read as something else',
    (pattern) => {
      expect(orcid.args.safeParse({ names_exclude_regex: pattern }).success).toBe(false);
    },
  );

  it('takes time in proportion to the name, whatever the pattern', () => {
    const began = performance.now();
    map(called('a'.repeat(50_000)), { names_exclude_regex: '(a+)+$|(a|aa)+b' });
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

describe('affiliations', () => {
  const ror = (id: string) => ['ROR', `https://ror.org/${id}`] as const;

  it('are the employments that have not ended by the day of the run', () => {
    const jobs = [
      job('open'),
      job('ended', ['2020', '01', '31']),
      job('ended this year', ['2026', '11', '20']),
      job('ends today', ['2026', '11', '21']),
      job('ends in the future', ['2031']),
      job('ends this month', ['2026', '11']),
      job('ended last month', ['2026', '10']),
      job('has an end without a year', [undefined]),
    ];
    const names = ['open', 'ends today', 'ends in the future', 'ends this month', 'has an end without a year'];
    expect(affiliations(jobs)).toEqual(names.map((name) => ({ name })));
  });

  it('are linked by their ROR id, bare or as an address', () => {
    const jobs = [
      job('a', undefined, ror('05gq02987')),
      job('b', undefined, ['ROR', '04D836Q62']),
      job('c', undefined, ['ROR', 'x']),
    ];
    expect(affiliations(jobs)).toEqual([{ id: '05gq02987', name: 'a' }, { id: '04d836q62', name: 'b' }, { name: 'c' }]);
  });

  it('are each there once, and with an id where one of them has it', () => {
    const jobs = [
      job('a'),
      job('b'),
      job('a', undefined, ror('05gq02987')),
      job('other name', undefined, ror('05gq02987')),
      job('a'),
      job('b', undefined, ['GRID', 'grid.1']),
      job(undefined),
    ];
    expect(affiliations(jobs)).toEqual([{ id: '05gq02987', name: 'a' }, { name: 'b' }]);
  });

  it('are read from groups with several employments, single ones, and schema 2.x', () => {
    const of = (employments: unknown) => (map(record({ employments })) as Record<string, unknown>)['affiliations'];
    const several = { 'affiliation-group': { 'employment-summary': [job('a'), job('b')] } };
    expect(of(several)).toEqual([{ name: 'a' }, { name: 'b' }]);
    expect(of({ 'employment-summary': job('a') })).toEqual([{ name: 'a' }]);
    expect(of(null)).toEqual([]);
  });

  it('are linked by a table for other schemes, which goes before the ROR id', () => {
    const table = { grid: { 'grid.1': 'a1' }, ROR: { 'https://ror.org/05gq02987': 'mine' } };
    const jobs = [
      job('a', undefined, ['GRID', 'grid.1']),
      job('b', undefined, ror('05gq02987')),
      job('c', undefined, ['GRID', 'x']),
    ];
    const expected = [{ id: 'a1', name: 'a' }, { id: 'mine', name: 'b' }, { name: 'c' }];
    expect(affiliations(jobs, { org_id_to_affiliation_id: table })).toEqual(expected);
  });

  it('are linked by a table in a file, with or without its header', () => {
    const path = join(tempDir(), 'mapping.csv');
    const jobs = [job('a', undefined, ['RINGGOLD', '1812'])];
    for (const header of ['', 'org_scheme,org_id,aff_id\n']) {
      writeFileSync(path, `\ufeff${header}RINGGOLD,1812,03vek6s52\n`);
      expect(affiliations(jobs, { org_id_to_affiliation_id_file: path })).toEqual([{ id: '03vek6s52', name: 'a' }]);
    }
    expect(orcid.files?.(orcid.args.parse({ org_id_to_affiliation_id_file: path }))).toEqual([path]);
    writeFileSync(path, 'RINGGOLD,1812\n');
    expect(refusalOf(() => map(record(), { org_id_to_affiliation_id_file: path })).message).toContain(
      'org_scheme,org_id,aff_id',
    );
    const missing = { org_id_to_affiliation_id_file: `${path}.not-there` };
    expect(refusalOf(() => map(record(), missing)).code).toBe('E_FILE_NOT_FOUND');
  });
});

describe('what is no longer a record', () => {
  const error = (code: string) => ({
    error: { 'response-code': '409', 'error-code': code, 'user-message': 'It is so.' },
  });

  it.each([
    ['locked', error('9018')],
    ['deactivated', error('9044')],
    ['deprecated', error('9007')],
    [
      'deactivated',
      record({ name: { 'given-names': 'Given Names Deactivated', 'family-name': 'Family Name Deactivated' } }),
    ],
    ['deactivated', record({ name: null, more: { history: { 'deactivation-date': '2017-07-17' } } })],
    ['deprecated', record({ name: null, more: { deprecated: { 'primary-record': null } } })],
  ])('is filtered as %s', (code, value) => {
    expect(filtered(value)).toMatch(new RegExp(`^${code}: its record (is|was) `));
  });

  it('is rejected with ORCID’s own words for any other error', () => {
    const refusal = refusalOf(() => map(error('9001')));
    expect([refusal.code, refusal.message]).toEqual([
      'E_RECORD_TYPE',
      expect.stringContaining('(409, 9001): It is so.'),
    ]);
  });

  it('needs no more than its id where the source says that it is deleted', () => {
    expect(map({ 'orcid-identifier': { path: ID } }, {}, true)).toEqual({ id: ID });
  });
});

describe('a record', () => {
  it('may stand under its own name, as without root_element', () => {
    expect(map({ record: record() })).toMatchObject({ id: ID });
  });

  it('has its iD in the address where there is nothing else', () => {
    expect(map({ ...record(), 'orcid-identifier': { uri: `https://orcid.org/${ID}` } })).toMatchObject({ id: ID });
  });

  it.each([
    ['E_RECORD_NO_ID', {}],
    ['E_RECORD_NO_ID', { ...record(), 'orcid-identifier': { path: '0000-0002-1825-0098' } }],
    ['E_RECORD_NO_ID', { ...record(), 'orcid-identifier': ID }],
    ['E_RECORD_TYPE', null],
    ['E_RECORD_TYPE', 'text'],
    ['E_RECORD_TYPE', []],
  ])('is refused with %s: %j', (code, value) => {
    expect(refusalOf(() => map(value)).code).toBe(code);
  });
});
