/** The CORDIS mapping on single projects: what it decides, what it refuses, and where it looks organisations up. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TIME_2_SWITCH, TIME_2_SWITCH_AWARD } from '../../transformers/cordis-award/example-project.ts';
import { shorten } from '../../transformers/cordis-award/create-award-mapping.ts';
import { cordisAward } from '../../transformers/cordis-award.ts';
import type { Warning } from '../../src/component/reader.ts';
import { RecordError } from '../../src/errors.ts';
import { fuzzCordis } from '../support/fuzz-cordis.ts';
import { errorOf } from '../support/read-resource.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { tempDir } from '../support/temp-dir.ts';

type Json = Record<string, unknown>;

function createMapping(
  args: unknown = { pic_mapping: {} },
  path?: string,
): { map: (value: unknown) => Json; warnings: Warning[] } {
  const fetched = path === undefined ? [] : [{ name: 'pic_mapping.csv', path, bytes: 0, digest: '' }];
  const transform = cordisAward.create(cordisAward.args.parse(args), { logger: silentLogger(), fetched });
  const warnings: Warning[] = [];
  return {
    map: (value) => transform(value, { origin: () => 'xml:0', warn: (warning) => warnings.push(warning) }) as Json,
    warnings,
  };
}

const award = (change: Json): Json => createMapping().map({ ...TIME_2_SWITCH, ...change });
const withAssociations = (change: Json): Json =>
  award({ relations: { associations: { ...TIME_2_SWITCH.relations.associations, ...change } } });

describe('a project', () => {
  it('may come with its root element around it', () => {
    expect(createMapping().map({ project: TIME_2_SWITCH })).toEqual(award({}));
  });

  it.each([
    ['relations', null],
    ['relations', { associations: null, categories: null }],
    ['relations', ''],
    ['identifiers', null],
    ['teaser', null],
  ])('with the empty element "%s" is an award without what it would hold', (name, value) => {
    const found = award({ [name]: value });
    expect(found).toMatchObject({ id: TIME_2_SWITCH_AWARD.id, title: TIME_2_SWITCH_AWARD.title });
    expect(JSON.stringify(found)).not.toMatch(/null|\[\]|\{\}/);
  });

  it('takes the first title of each language', () => {
    const title = ['One', 'Two', { '#text': 'Eins', '@lang': 'de' }, { '#text': 'Zwei', '@lang': 'de' }];
    expect(award({ title })['title']).toEqual({ de: 'Eins', en: 'One' });
  });

  it('has the website that represents the project, and no other', () => {
    const link = (represents: object, physurl: string): Json => ({ '@type': 'relatedWebsite', ...represents, physurl });
    const weblink = [
      link({}, 'https://a.example.org'),
      link({ '@represents': 'deliverable' }, 'https://b.example.org'),
      link({ '@represents': 'project' }, 'HTTP://C.example.org'),
    ];
    expect(withAssociations({ weblink })['website']).toBe('HTTP://C.example.org');
    expect(withAssociations({ weblink: weblink.slice(0, 2) })).not.toHaveProperty('website');
  });

  it('pads a date', () => {
    expect(award({ startdate: '2024-5-1' })['start_date']).toBe('2024-05-01');
    expect(award({ startdate: '0000-05-01' })).not.toHaveProperty('start_date');
  });

  it('without a number is rejected with its reason', () => {
    for (const id of [undefined, null, ' ', {}]) {
      expect(() => award({ id })).toThrow(RecordError);
      expect(() => award({ id })).toThrow('the element "id"'.replace('the', 'its'));
    }
  });

  it('loses an impossible date, address or DOI with a warning, not the award', () => {
    const { map, warnings } = createMapping();
    const weblink = { '@type': 'relatedWebsite', '@represents': 'project', physurl: 'time2switch' };
    const found = map({
      ...TIME_2_SWITCH,
      startdate: '2024-13-01',
      identifiers: { grantdoi: 'pending' },
      relations: { associations: { weblink } },
    });
    for (const key of ['start_date', 'website']) expect(found).not.toHaveProperty(key);
    expect(found['identifiers']).toEqual(TIME_2_SWITCH_AWARD.identifiers.slice(0, 1));
    expect(warnings.map(({ code }) => code).sort()).toEqual([
      'W_DATE_INVALID',
      'W_IDENTIFIER_INVALID',
      'W_IDENTIFIER_INVALID',
    ]);
  });
});

describe('relations', () => {
  const basis = (code: string, unique?: string): Json => ({
    '@type': 'relatedLegalBasis',
    ...(unique === undefined ? {} : { '@uniqueprogrammepart': unique }),
    code,
  });

  it.each([
    ['the one marked as unique', [basis('HORIZON.1.1.5'), basis('HORIZON.1.1', 'true')], 'HORIZON.1.1'],
    [
      'the shorter of two that are',
      [basis('H2020-EU.1.2.3.', 'true'), basis('H2020-EU.1.2.', 'true')],
      'H2020-EU.1.2.',
    ],
    ['the shortest where none is', [basis('H2020-EU.1.2.3.'), basis('H2020-EU.1.2.')], 'H2020-EU.1.2.'],
    ['the only one', basis('FP7-PEOPLE'), 'FP7-PEOPLE'],
  ])('take as the programme %s', (_, programme, expected) => {
    expect(withAssociations({ programme })['program']).toBe(expected);
  });

  it('give no programme where nothing is a legal basis', () => {
    expect(withAssociations({ programme: { '@type': 'relatedTopic', code: 'ERC' } })).not.toHaveProperty('program');
  });

  it('take terms of EuroSciVoc alone, each once', () => {
    const of = (classification: string, code: string): Json => ({ '@classification': classification, code });
    const category = [
      of('euroSciVoc', '/21/39/225'),
      of('source', '/1'),
      of('euroSciVoc', '/x'),
      of('euroSciVoc', '/9/225'),
    ];
    expect(award({ relations: { categories: { category } } })['subjects']).toEqual([{ id: 'euroscivoc:225' }]);
  });

  it('describe the project by its article, else by its teaser', () => {
    const article = { '@type': 'relatedArticle', title: 'Drugs on demand', relations: { associations: {} } };
    expect(withAssociations({ article })['short_description']).toEqual({ en: 'Drugs on demand' });
    const articles = [{ '@type': 'relatedNews', title: 'The first' }, article];
    expect(withAssociations({ article: articles })['short_description']).toEqual({ en: 'The first' });
    expect(award({ teaser: `${'word '.repeat(60)}...` })['short_description']).toEqual({
      en: `${'word '.repeat(50).trim()}…`,
    });
  });
});

describe('organisations', () => {
  const organization = [
    { id: '999979888', legalname: 'TU WIEN' },
    { id: '888', legalname: 'Unknown' },
    { legalname: 'Without PIC' },
    { id: '777' },
    { id: '999979888', legalname: 'TU Wien again' },
  ];
  const project = { ...TIME_2_SWITCH, relations: { associations: { organization } } };
  const names = [{ name: 'Unknown' }, { name: 'Without PIC' }];

  it('are linked by their PIC, else named; one without both is left out', () => {
    const { map } = createMapping({ pic_mapping: { '999979888': 'https://ror.org/04d836q62' } });
    expect(map(project)['organizations']).toEqual([{ id: '04d836q62' }, ...names]);
    expect(createMapping().map(project)['organizations']).toEqual([
      { name: 'TU WIEN' },
      ...names,
      { name: 'TU Wien again' },
    ]);
  });

  const CSV = `pic,ror_id,confidence,source
999979888,04d836q62,high,openaire_direct
888,https://ror.org/01ggx4157,medium,openaire_external
777,05a28rw58,review,participant_name_country
666,,high,openaire_direct
`;
  const fileOf = (text: string): string => {
    const path = join(tempDir(), 'pic_mapping.csv');
    writeFileSync(path, text);
    return path;
  };

  it('are linked by a published mapping of enough confidence, fetched or from a file', () => {
    const expected = [{ id: '04d836q62' }, { id: '01ggx4157' }, { name: 'Without PIC' }];
    const path = fileOf(CSV);
    expect(createMapping({}, path).map(project)['organizations']).toEqual(expected);
    expect(createMapping({ pic_mapping_params: { source: path } }).map(project)['organizations']).toEqual(expected);
    const reviewed = { pic_mapping_params: { source: path, accepted_confidence: ['review'] } };
    expect(createMapping(reviewed).map(project)['organizations']).toContainEqual({ id: '05a28rw58' });
  });

  it.each([
    ['other columns', 'PIC,ROR\n1,2\n', 'expected the columns pic, ror_id, confidence'],
    ['no ROR id', 'pic,ror_id,confidence\n1,TU Wien,high\n', 'which is no ROR id'],
    [
      'nothing of confidence',
      'pic,ror_id,confidence\n1,04d836q62,low\n',
      'no row has a confidence of high, medium, manual',
    ],
    ['an open quote', 'pic,ror_id,confidence\n"1,04d836q62,high\n', 'cannot be used'],
  ])('are not looked up in a mapping with %s', async (_, text, reason) => {
    const args = { pic_mapping_params: { source: fileOf(text) } };
    const error = await errorOf(Promise.resolve().then(() => createMapping(args)));
    expect(error.code).toBe('E_TABLE_INVALID');
    expect(error.message).toContain(reason);
  });

  it('need a mapping that is there', async () => {
    const args = { pic_mapping_params: { source: '/nowhere/pic_mapping.csv' } };
    expect((await errorOf(Promise.resolve().then(() => createMapping(args)))).code).toBe('E_FILE_NOT_FOUND');
  });

  it.each([
    [{}, [{ doi: '10.5281/zenodo.21345462', resolver: 'https://doi.org', name: 'pic_mapping.csv' }], []],
    [{ pic_mapping: {} }, [], []],
    [
      { pic_mapping_params: { source: 'https://doi.org/10.5281/zenodo.1', filename: 'a.csv' } },
      [{ doi: '10.5281/zenodo.1', name: 'a.csv' }],
      [],
    ],
    [{ pic_mapping_params: { source: 'https://example.org/pics.csv' } }, [{ url: 'https://example.org/pics.csv' }], []],
    [{ pic_mapping_params: { source: '/data/pics.csv' } }, [], ['/data/pics.csv']],
  ])('come from where the arguments say: %j', (written, lookups, files) => {
    const args = cordisAward.args.parse(written);
    expect(cordisAward.lookups?.(args)).toMatchObject(lookups);
    expect(cordisAward.files?.(args)).toEqual(files);
  });
});

describe('a text that is too long', () => {
  it.each([
    ['short', 10, 'short'],
    ['exactly 10', 10, 'exactly 10'],
    ['one two three', 8, 'one two…'],
    ['one two three', 9, 'one two…'],
    ['onetwothree', 6, 'onetw…'],
    ['one two... three four', 12, 'one two…'],
    ['abcd😀fg', 6, 'abcd…'],
  ])('%s at %i becomes %s', (text, most, expected) => {
    expect(shorten(text, most)).toBe(expected);
    expect(shorten(text, most).length).toBeLessThanOrEqual(most);
  });
});

describe('projects that are damaged', () => {
  it('give a record that fits its schema, or a rejection', () => {
    const { records, rejected } = fuzzCordis(2000, 11);
    expect(records + rejected).toBe(2000);
    expect(Math.min(records, rejected)).toBeGreaterThan(20);
  });
});
