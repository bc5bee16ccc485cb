/** The record schemas: what they take, what they refuse, and how they say it. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRecordSchema } from '../../src/job/schema/record-schema.ts';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { toCompactIsni } from '../../src/records/isni.ts';

const folder = join(findPackageRoot(), 'config', 'records');
const vocabularies = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));

function problem(vocabulary: string, record: unknown): string | undefined {
  const check = loadRecordSchema(vocabulary);
  if (check === undefined) throw new Error(`no schema ${vocabulary}`);
  return check(record);
}

const isni = { identifier: '0000000419370669', scheme: 'isni' };

describe('record schemas', () => {
  it.each(vocabularies)('%s: draft-07, closed, with an id', (vocabulary) => {
    const schema = JSON.parse(readFileSync(join(folder, `${vocabulary}.json`), 'utf8')) as Record<string, unknown>;
    expect(schema).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      additionalProperties: false,
      required: expect.arrayContaining(['id']) as unknown,
    });
    expect(problem(vocabulary, { id: 'x', no_such_field: 1 })).toMatch(/^Expected .*, found .*\.$/);
  });

  it('are absent for other vocabularies, whatever their names', () => {
    for (const name of [
      'languages',
      'affiliations:openaire',
      '../jobs/ror-affiliations',
      '',
      '__proto__',
      'constructor',
    ]) {
      expect(loadRecordSchema(name)).toBeUndefined();
    }
  });

  it.each([
    ['affiliations', { id: '04d836q62', name: 'TU Wien', website: 'https://www.tuwien.at', identifiers: [isni] }],
    ['affiliations', { id: 'x', name: 'X', website: 'https://luustoliitto.fi/jäsenyhdistykset/' }],
    ['affiliations', { id: 'x', name: 'X', website: 'HTTP://user@X.Example.ORG:8080?q#f' }],
    ['affiliations', { id: 'x', name: 'X', website: 'ftps://127.0.0.1/x' }],
    ['affiliations', { id: 'x', name: 'X', website: 'http://[::1]/' }],
    ['affiliations', { id: 'x', name: 'X', website: 'https://münchen.example' }],
    ['awards', { id: 'x', number: '1', identifiers: [{ scheme: 'url', identifier: 'http://intranet/a b' }] }],
    ['funders', { id: 'x', name: 'X', identifiers: [{ scheme: 'doi', identifier: 'https://doi.org/10.13039/1' }] }],
    [
      'names',
      { id: 'x', name: 'X', identifiers: [{ scheme: 'orcid', identifier: 'https://orcid.org/0000-0002-1825-0097' }] },
    ],
    [
      'funders',
      { id: '00yjd3n13', name: 'SNSF', identifiers: [{ identifier: '10.13039/501100001711', scheme: 'doi' }] },
    ],
    ['names', { id: 'x', given_name: 'Josiah', family_name: 'Carberry', affiliations: [{ id: '05gq02987' }] }],
    ['names', { id: 'x', name: 'Plato', identifiers: [{ identifier: '0000-0002-1825-0097', scheme: 'orcid' }] }],
    ['awards', { id: 'x', number: '1', start_date: '2024-02-29', funder: { id: '00yjd3n13' } }],
    ['subjects', { id: 'x', scheme: 'MeSH', subject: 'Aphids', props: { parents: ['a', 'b'] } }],
    ['vocabulary', { id: 'eng', type: 'languages', title: { en: 'English' } }],
  ])('%s takes %j', (vocabulary, record) => {
    expect(problem(vocabulary, record)).toBeUndefined();
  });

  it.each([
    ['affiliations', null, 'Expected an object in the record, found null.'],
    ['affiliations', { id: 'x' }, 'Expected a value at /name, found nothing.'],
    ['affiliations', { id: 'x', name: 1 }, 'Expected a text at /name, found the number 1.'],
    ['affiliations', { id: 'x', name: '' }, 'Expected the name to show at /name, found an empty text.'],
    [
      'affiliations',
      { id: 'x', name: 'X', title: { eng: 'X' } },
      'Expected labels by language, each language a code of two lower-case letters at /title, found the field "eng".',
    ],
    [
      'affiliations',
      { id: 'x', name: 'X', website: 'tuwien' },
      'Expected an http, https or ftp URL with a full host name at /website, found the text "tuwien".',
    ],
    ['affiliations', { id: ' ', name: 'X' }, 'Expected an id of 1 to 255 characters at /id, found the text " ".'],
    ['affiliations', { id: 'x', name: '\u00a0' }, 'Expected the name to show at /name, found'],
    ['affiliations', { id: 'x', name: 'X', website: 'https://example.org/<script>' }, 'at /website'],
    ['affiliations', { id: 'x', name: 'X', website: 'https://intranet/' }, 'at /website'],
    [
      'awards',
      { id: 'x', number: '1', identifiers: [{ scheme: 'url', identifier: 'javascript://x/' }] },
      'Expected an http, https or ftp URL at /identifiers/0/identifier, found the text "javascript://x/".',
    ],
    [
      'affiliations',
      { id: 'x', name: 'X', aliases: ['A', 'A'] },
      'Expected each item once at /aliases, found item 0 to equal item 1.',
    ],
    [
      'affiliations',
      { id: 'x', name: 'X', identifiers: [{ ...isni, identifier: '0000000419370660' }] },
      'Expected an ISNI: 16 digits with a right check digit at /identifiers/0/identifier, found the text "0000000419370660".',
    ],
    [
      'affiliations',
      { id: 'x', name: 'X', identifiers: [isni, isni] },
      'Expected at most one identifier for each scheme at /identifiers, found a list of 2.',
    ],
    [
      'affiliations',
      { id: 'x', name: 'X', identifiers: [{ identifier: '10.1/x', scheme: 'doi' }] },
      'Expected one of "ror", "grid", "isni", "gnd", "pic", "edmo" at /identifiers/0/scheme, found the text "doi".',
    ],
    [
      'names',
      { id: 'x', given_name: 'Josiah' },
      'Expected a person with "name", or with "given_name" and "family_name"',
    ],
    ['awards', { id: 'x', number: '1', end_date: '2023-02-29' }, 'Expected a date YYYY-MM-DD at /end_date'],
    ['awards', { id: 'x', number: '1', funder: {} }, 'Expected a funder with an "id" or a "name" at /funder'],
    ['subjects', { id: 'x', scheme: 's', subject: 'S', props: { a: 1 } }, 'Expected a text or a list at /props/a'],
  ])('%s refuses %j', (vocabulary, record, message) => {
    expect(problem(vocabulary, record)).toContain(message);
  });

  it('funders refuse the website that InvenioRDM refuses', () => {
    const message = problem('funders', { id: 'x', name: 'X', website: 'https://example.org' });
    expect(message).toMatch(/^Expected no fields but "id", "name", .* in the record, found the field "website"\.$/);
  });

  it('do not hang on a hostile URL', () => {
    const website = `http://${'a.'.repeat(50_000)} `;
    const start = performance.now();
    expect(problem('affiliations', { id: 'x', name: 'X', website })).toContain('/website');
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('ISNI', () => {
  it.each([
    ['0000 0004 1937 0669', '0000000419370669'],
    ['0000-0001-2103-2683', '0000000121032683'],
    ['0000 0004 5899 938x', '000000045899938X'],
    ['000 0 00 04 9 339 9953', '0000000493399953'],
    ['https://isni.org/isni/0000000419370669', '0000000419370669'],
  ])('%s is %s', (written, compact) => {
    expect(toCompactIsni(written)).toBe(compact);
  });

  it.each(['0000 0004 1936 7301', '0000 0004 1937 066', '0000 0004 1937 06690', 'X000000419370669', ''])(
    '%s is none',
    (written) => {
      expect(toCompactIsni(written)).toBeUndefined();
    },
  );
});
