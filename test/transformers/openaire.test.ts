/** The OpenAIRE mappings on single records: what they decide, what they refuse, and that they never do anything else. */
import { describe, expect, it } from 'vitest';
import { CURRENT_PROJECT, OLD_PROJECT } from '../../transformers/openaire-award/example-projects.ts';
import { FUNDERS } from '../../transformers/openaire-award/funders.ts';
import { openaireAward } from '../../transformers/openaire-award.ts';
import { openaireOrganization } from '../../transformers/openaire-organization.ts';
import type { Warning } from '../../src/component/reader.ts';
import { Skip, type Transformer } from '../../src/component/transformer.ts';
import { RecordError } from '../../src/errors.ts';
import { loadRecordSchema } from '../../src/job/schema/record-schema.ts';
import { fuzzOpenaire } from '../support/fuzz-openaire.ts';
import { silentLogger } from '../support/silent-logger.ts';

type Json = Record<string, unknown>;

function createMapping(
  transformer: Transformer,
  args: unknown = {},
): { map: (value: unknown) => unknown; warnings: Warning[] } {
  const transform = transformer.create(transformer.args.parse(args), { logger: silentLogger() });
  const warnings: Warning[] = [];
  const context = { origin: () => 'jsonl:7', warn: (warning: Warning) => warnings.push(warning) };
  return { map: (value) => transform(value, context), warnings };
}

function refusalOf(transformer: Transformer, value: unknown): RecordError {
  try {
    createMapping(transformer).map(value);
  } catch (error) {
    if (error instanceof RecordError) return error;
    throw error;
  }
  throw new Error('the record was mapped');
}

const award = (change: Json): Json => createMapping(openaireAward).map({ ...CURRENT_PROJECT, ...change }) as Json;

describe('openaire-award', () => {
  it('makes the same award of a project in both schemas', () => {
    const old = {
      ...OLD_PROJECT,
      id: `40|${CURRENT_PROJECT.id}`,
      code: CURRENT_PROJECT.code,
      acronym: CURRENT_PROJECT.acronym,
      title: CURRENT_PROJECT.title,
      startdate: CURRENT_PROJECT.startDate,
      enddate: CURRENT_PROJECT.endDate,
      summary: CURRENT_PROJECT.summary,
      funding: [{ shortName: 'EC', funding_stream: { id: 'EC::H2020::ERA-NET-Cofund' } }],
    };
    const { map } = createMapping(openaireAward);
    expect(map(old)).toEqual(map(CURRENT_PROJECT));
  });

  it('never puts null into an award, and takes no funding for none', () => {
    const nulls = Object.fromEntries(Object.keys(OLD_PROJECT).map((key) => [key, null]));
    const { id, code, title } = OLD_PROJECT;
    const { map } = createMapping(openaireAward, { funder_prefixes: { conicytf: 'https://ror.org/02ap3w078' } });
    expect(map({ ...nulls, id, code, title })).toEqual({
      id: '02ap3w078::1020683',
      number: '1020683',
      title: { en: title },
      funder: { id: '02ap3w078' },
    });
    expect(award({ fundings: [] })).not.toHaveProperty('program');
    expect(award({ fundings: [{ fundingStream: { id: 'EC' } }] })).not.toHaveProperty('program');
  });

  it.each([
    ['without a number', { code: null }, 'E_RECORD_NO_ID', '/code'],
    ['with a blank number', { code: '  ' }, 'E_RECORD_NO_ID', '/code'],
    ['without an id', { id: undefined }, 'E_RECORD_NO_ID', '/id'],
    ['with an id of another form', { id: '7fcd95d1ca46ba32' }, 'E_RECORD_NO_ID', '/id'],
    ['without a title', { title: null }, 'E_RECORD_NO_NAME', '/title'],
    ['with fundings that are no list', { fundings: 'EC' }, 'E_RECORD_TYPE', '/fundings'],
    ['with a date that is no text', { startDate: 20_160_301 }, 'E_RECORD_TYPE', '/startDate'],
  ])('%s: rejected with its reason', (_, change, code, pointer) => {
    const error = refusalOf(openaireAward, { ...CURRENT_PROJECT, ...change });
    expect(error.code).toBe(code);
    expect(error.message).toContain(pointer);
  });

  it('rejects a project of an unknown funder and names the prefix, which `funder_prefixes` adds', () => {
    const error = refusalOf(openaireAward, OLD_PROJECT);
    expect(error).toMatchObject({ code: 'E_RECORD_FUNDER', details: { prefix: 'conicytf____' } });
    expect(error.message).toContain('"funder_prefixes"');
    const { map } = createMapping(openaireAward, { funder_prefixes: { corda__h2020: '001aqnf71' } });
    expect(map(CURRENT_PROJECT)).toMatchObject({ id: '001aqnf71::696231', funder: { id: '001aqnf71' } });
    expect(openaireAward.args.safeParse({ funder_prefixes: { x: 'Chile' } }).success).toBe(false);
    expect(openaireAward.args.safeParse({ funder_prefixes: { '40|conicytf____': '02ap3w078' } }).success).toBe(false);
  });

  it('loses an impossible date or address with a warning, not the award', () => {
    const { map, warnings } = createMapping(openaireAward);
    const project = { ...CURRENT_PROJECT, id: 'snsf________::1', websiteUrl: 'no address', startDate: '2016-02-30' };
    expect(map({ ...project, endDate: '2016-02-29T00:00:00Z' })).toMatchObject({ end_date: '2016-02-29' });
    expect(map(project)).not.toHaveProperty('start_date');
    expect(map(project)).not.toHaveProperty('identifiers');
    expect(new Set(warnings.map(({ code }) => code))).toEqual(new Set(['W_DATE_INVALID', 'W_IDENTIFIER_INVALID']));
    expect(warnings[0]?.message).toContain('"2016-02-30"');
  });

  it.each(['http://x.example.org/a b.pdf', 'https://intranet/page', 'HTTP://X.EXAMPLE.ORG', 'http://10.0.0.1:8080/'])(
    'keeps the website %s',
    (websiteUrl) => {
      const { map, warnings } = createMapping(openaireAward);
      const made = map({ ...CURRENT_PROJECT, id: ' snsf________::1\n', websiteUrl });
      expect(made).toMatchObject({ identifiers: [{ identifier: websiteUrl, scheme: 'url' }] });
      expect(loadRecordSchema('awards')?.(made)).toBeUndefined();
      expect(warnings).toEqual([]);
    },
  );

  it('trims outer white space, and takes a number that is one in JSON', () => {
    expect(award({ title: ' A\n', acronym: ' ', code: 696_231 })).toMatchObject({
      number: '696231',
      title: { en: 'A' },
    });
    expect(award({ acronym: ' ' })).not.toHaveProperty('acronym');
  });

  it('knows each funder by twelve characters and a ROR id', () => {
    for (const [prefix, ror] of Object.entries(FUNDERS)) {
      expect(prefix).toMatch(/^[a-z0-9_]{12}$/);
      expect(ror).toMatch(/^0[0-9a-z]{6}\d{2}$/);
    }
  });
});

describe('openaire-organization', () => {
  const OPENORGS = 'openorgs____::e15adb13c4dadd49de4d35c39b5da93a';
  const pid = (scheme: string, value: string): Json => ({ scheme, value });

  it('takes the first ROR id and PIC, and reports another one', () => {
    const { map, warnings } = createMapping(openaireOrganization);
    const same = [pid('ROR', 'https://ror.org/02e7b5302'), pid('PIC', 'PIC:986321512'), pid('ROR', 'ROR:02e7b5302')];
    const expected = { id: '02e7b5302', identifiers: [{ identifier: '986321512', scheme: 'pic' }] };
    expect(map({ id: OPENORGS, pids: same })).toEqual(expected);
    expect(warnings).toEqual([]);
    expect(map({ id: `20|${OPENORGS}`, pid: [...same, pid('ROR', '05a28rw58'), pid('PIC', '99')] })).toEqual(expected);
    expect(warnings.map(({ code }) => code)).toEqual(['W_IDENTIFIER_REPEATED', 'W_IDENTIFIER_INVALID']);
    expect(warnings[0]?.message).toContain('05a28rw58');
  });

  it('filters what OpenOrgs has not curated and what has no ROR id', () => {
    const { map } = createMapping(openaireOrganization);
    expect(map({ id: 'grid________::1', pids: [pid('ROR', '02e7b5302')] })).toMatchObject({ code: 'not-openorgs' });
    for (const rest of [{}, { pids: null }, { pids: [] }, { pid: [pid('PIC', 'PIC:986321512')] }]) {
      expect(map({ id: OPENORGS, ...rest })).toBeInstanceOf(Skip);
    }
  });

  it('rejects an organization without an id or with identifiers of another kind', () => {
    expect(refusalOf(openaireOrganization, { pids: [] }).code).toBe('E_RECORD_NO_ID');
    expect(refusalOf(openaireOrganization, { id: OPENORGS, pids: 'ROR' }).code).toBe('E_RECORD_TYPE');
  });
});

describe('records that are damaged', () => {
  it('give a record that fits its schema, or a rejection', () => {
    expect(loadRecordSchema('awards')).toBeDefined();
    const { records, rejected, filtered } = fuzzOpenaire(3000, 7);
    expect(records + rejected + filtered).toBe(3000);
    expect(Math.min(records, rejected, filtered)).toBeGreaterThan(50);
  });
});
