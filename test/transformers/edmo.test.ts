import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { edmoOrganization } from '../../transformers/edmo-organization.ts';
import { countryCodeOf } from '../../transformers/edmo/country-codes.ts';
import type { Warning } from '../../src/component/reader.ts';
import { Skip } from '../../src/component/transformer.ts';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { loadRecordSchema } from '../../src/job/schema/record-schema.ts';
import { refusalOf } from '../support/refusal-of.ts';
import { sharedData } from '../support/shared-data.ts';
import { silentLogger } from '../support/silent-logger.ts';

const warnings: Warning[] = [];

function map(value: unknown, args: object = {}): Record<string, unknown> {
  warnings.length = 0;
  const transform = edmoOrganization.create(edmoOrganization.args.parse(args), { logger: silentLogger() });
  const made = transform(value, { origin: () => '', warn: (warning) => warnings.push(warning) });
  return made instanceof Skip ? { skipped: made.code } : (made as Record<string, unknown>);
}

const bind = (values: Record<string, string>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { type: 'literal', value }]));
const ORG = 'https://edmo.seadatanet.org/report/486';

describe('edmo-organization', () => {
  it('trims names, and takes an unbound variable for what it is', () => {
    expect(map(bind({ org: ORG, name: ' Ifremer  ' }))).toEqual({
      id: 'edmo:486',
      name: 'Ifremer',
      title: { en: 'Ifremer' },
      identifiers: [{ scheme: 'edmo', identifier: ORG }],
    });
  });

  it('filters what is deprecated', () => {
    expect(map(bind({ org: ORG, name: 'Ifremer', deprecated: 'true' }))).toEqual({ skipped: 'deprecated' });
    expect(map(bind({ org: ORG, name: 'Ifremer', deprecated: 'false' }))).toMatchObject({ id: 'edmo:486' });
  });

  it('keeps the name of a country that it does not know, with a warning, and takes a code for it from its args', () => {
    const binding = bind({ org: ORG, name: 'Institute', countryName: 'Atlantis' });
    expect(map(binding)).toMatchObject({ country_name: 'Atlantis' });
    expect(map(binding)).not.toHaveProperty('country');
    expect(warnings).toMatchObject([{ code: 'W_COUNTRY_UNKNOWN' }]);
    expect(map(binding, { country_aliases: { Atlantis: 'PT' } })).toMatchObject({ country: 'PT' });
    expect(warnings).toEqual([]);
  });

  it('writes Cape Verde as Cabo Verde, and keeps the other names of countries', () => {
    const named = (countryName: string) => map(bind({ org: ORG, name: 'Institute', countryName }));
    expect(named('Cape Verde')).toMatchObject({ country: 'CV', country_name: 'Cabo Verde' });
    expect(named('Russia')).toMatchObject({ country: 'RU', country_name: 'Russia' });
  });

  it('names the report by its https address, however the source writes it', () => {
    for (const org of ['http://edmo.seadatanet.org/report/486', `${ORG}/`]) {
      expect(map(bind({ org, name: 'Institute' }))).toMatchObject({
        id: 'edmo:486',
        identifiers: [{ scheme: 'edmo', identifier: ORG }],
      });
    }
  });

  it.each([
    [bind({ name: 'Institute' }), 'E_RECORD_NO_ID'],
    [bind({ org: 'https://example.org/report/1', name: 'Institute' }), 'E_RECORD_NO_ID'],
    [bind({ org: ORG }), 'E_RECORD_NO_NAME'],
    [bind({ org: ORG, name: '  ' }), 'E_RECORD_NO_NAME'],
    [{ org: { value: ORG }, name: 'Institute' }, 'E_RECORD_TYPE'],
    [[], 'E_RECORD_TYPE'],
  ])('%#: rejects an odd binding with its reason', (value, code) => {
    expect(refusalOf(() => map(value)).code).toBe(code);
  });
});

describe('the code of a country', () => {
  it.each([
    ['Russia', 'RU'],
    ['Russian Federation', 'RU'],
    ['South Korea', 'KR'],
    ['Korea, Republic of', 'KR'],
    ['Turkey', 'TR'],
    ['Türkiye', 'TR'],
    ['Cape Verde', 'CV'],
    ['Cabo Verde', 'CV'],
    ["Cote d'Ivoire", 'CI'],
    ['Côte d’Ivoire', 'CI'],
    ['The Netherlands', 'NL'],
    ['Viet Nam', 'VN'],
    ['Iran, Islamic Republic of', 'IR'],
    ['Congo, the Democratic Republic of the', 'CD'],
    ['United Kingdom', 'GB'],
    ['U.S.A.', 'US'],
    ['Bosnia and Herzegovina', 'BA'],
    ['Saint Pierre and Miquelon', 'PM'],
    ['Zimbabwe', 'ZW'],
    ['Benin', 'BJ'],
    ['Curaçao', 'CW'],
    ['Atlantis', undefined],
    ['International', undefined],
    ['European Union', undefined],
    ['', undefined],
  ])('of %s is %s', (name, code) => {
    expect(countryCodeOf(name)).toBe(code);
  });

  it('is that of ISO 3166 for each of its 249 names, which InvenioRDM goes by', () => {
    const path = join(findPackageRoot(), 'test/fixtures/edmo/iso-country-names.json');
    const names = Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>);
    expect(names).toHaveLength(249);
    expect(names.filter(([name, code]) => countryCodeOf(name) !== code)).toEqual([]);
  });
});

const RESULTS = sharedData('edmo', 'edmo_sparql_results.json');
const GOLDEN = sharedData('goldens', 'edmo.jsonl.gz');

it.skipIf(RESULTS === undefined || GOLDEN === undefined)(
  'differs from InvenioRDM by white space around names alone, and fits the record schema',
  () => {
    const { results } = JSON.parse(readFileSync(RESULTS ?? '', 'utf8')) as { results: { bindings: unknown[] } };
    const lines = gunzipSync(readFileSync(GOLDEN ?? ''))
      .toString('utf8')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { out: { name: string; title: { en: string } } }).out);
    const check = loadRecordSchema('affiliations');
    const unexplained: unknown[] = [];
    let trimmed = 0;
    for (const [i, binding] of results.bindings.entries()) {
      const theirs = lines[i];
      const made = map(binding);
      expect(check?.(made)).toBeUndefined();
      const name = theirs?.name.trim() ?? '';
      if (name !== theirs?.name) trimmed++;
      if (!isDeepStrictEqual(made, { ...theirs, name, title: { en: name } })) unexplained.push({ made, theirs });
    }
    expect(unexplained).toEqual([]);
    expect([results.bindings.length, lines.length, trimmed]).toEqual([5108, 5108, 249]);
  },
);
