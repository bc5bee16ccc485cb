/** The ROR mapping on single records: what it decides, what it refuses, and that it never does anything else. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TU_WIEN } from '../../transformers/ror/example-records.ts';
import { transformers } from '../support/shipped-components.ts';
import type { Warning } from '../../src/component/reader.ts';
import { Skip } from '../../src/component/transformer.ts';
import { ConfigError, RecordError } from '../../src/errors.ts';
import { loadRecordSchema } from '../../src/job/schema/record-schema.ts';
import { silentLogger } from '../support/silent-logger.ts';

type Json = Record<string, unknown>;

interface Mapping {
  readonly map: (value: unknown) => unknown;
  readonly warnings: Warning[];
}

function createMapping(type = 'ror-affiliations', args: unknown = {}): Mapping {
  const transformer = transformers.find((known) => known.type === type);
  if (transformer === undefined) throw new Error(`no transformer ${type}`);
  const transform = transformer.create(transformer.args.parse(args), { logger: silentLogger() });
  const warnings: Warning[] = [];
  const context = { origin: () => 'json:7', warn: (warning: Warning) => warnings.push(warning) };
  return { map: (value) => transform(value, context), warnings };
}

const { map } = createMapping();
const withChange = (change: Json): Json => ({ ...TU_WIEN, ...change });
const mapWith = (change: Json): Json => map(withChange(change)) as Json;
const name = (value: unknown, types: unknown, lang: unknown = null): Json => ({ value, types, lang });
const display = name('Name', ['ror_display']);

function refusal(value: unknown): RecordError {
  try {
    map(value);
  } catch (error) {
    if (error instanceof RecordError) return error;
    throw error;
  }
  throw new Error('the record was mapped');
}

describe('names', () => {
  it('keeps aliases in source order, each once, and further acronyms after them', () => {
    const names = [
      display,
      name('B', ['alias']),
      name('FIRST', ['acronym']),
      name('SECOND', ['acronym']),
      name('A', ['alias']),
      name('B ', ['alias'], 'de'),
      name('A', ['acronym']),
    ];
    expect(mapWith({ names })).toMatchObject({ acronym: 'FIRST', aliases: ['B', 'A', 'SECOND'] });
  });

  it('takes the last label of a language, whatever comes first', () => {
    const names = [display, name('Eins', ['label'], 'de'), name('Zwei', ['label'], 'de')];
    expect(mapWith({ names })['title']).toEqual({ de: 'Zwei', en: 'Name' });
  });

  it('prefers an English label to one without language, and that to the name', () => {
    const english = name('English', ['label'], 'en');
    const unmarked = name('Unmarked', ['label']);
    expect(mapWith({ names: [display, english, unmarked] })['title']).toEqual({ en: 'English' });
    expect(mapWith({ names: [display, unmarked] })['title']).toEqual({ en: 'Unmarked' });
    expect(mapWith({ names: [display] })['title']).toEqual({ en: 'Name' });
  });

  it('files a label of a region under its language unless that has one, and says which it cannot file', () => {
    const { map: mapHere, warnings } = createMapping();
    const names = [
      display,
      name('Brasil', ['label'], 'pt-BR'),
      name('Austria', ['label'], 'de_AT'),
      name('Deutsch', ['label'], 'de'),
      name('Old', ['label'], 'ang'),
      name('Own', ['label'], '__proto__'),
    ];
    expect(mapHere(withChange({ names }))).toMatchObject({ title: { en: 'Name', de: 'Deutsch', pt: 'Brasil' } });
    expect(warnings.map(({ code }) => code)).toEqual(['W_LABEL_LANGUAGE', 'W_LABEL_LANGUAGE']);
    expect(warnings[0]?.message).toContain('"ang"');
  });

  it('trims outer white space and takes blank text for none', () => {
    const names = [name(' Name\t', ['ror_display']), name('  ', ['alias']), name(' AB ', ['acronym'])];
    expect(mapWith({ names })).toMatchObject({ name: 'Name', acronym: 'AB', title: { en: 'Name' } });
    expect(mapWith({ names })).not.toHaveProperty('aliases');
  });
});

describe('identifiers', () => {
  const isni = (value: string) => ({ type: 'isni', all: [value], preferred: null });

  it('takes the first value where none is preferred', () => {
    const external_ids = [{ type: 'grid', all: ['grid.1.a', 'grid.2.b'], preferred: null }];
    expect(mapWith({ external_ids })['identifiers']).toContainEqual({ identifier: 'grid.1.a', scheme: 'grid' });
  });

  it('has a ROR id of nine characters in lower case, however it is written', () => {
    for (const id of ['https://ror.org/04d836q62', 'http://ror.org/04D836Q62', ' 04d836q62 ']) {
      expect(mapWith({ id })).toMatchObject({
        id: '04d836q62',
        identifiers: expect.arrayContaining([{ identifier: '04d836q62', scheme: 'ror' }]) as unknown,
      });
    }
  });

  it('loses an ISNI with a wrong check digit with a warning, not the record', () => {
    const { map: mapHere, warnings } = createMapping();
    const record = mapHere(withChange({ external_ids: [isni('0000 0004 1937 0660')] })) as Json;
    expect(record['identifiers']).toEqual([{ identifier: '04d836q62', scheme: 'ror' }]);
    expect(warnings).toMatchObject([{ code: 'W_IDENTIFIER_INVALID' }]);
    expect(warnings[0]?.message).toContain('"0000 0004 1937 0660"');
    expect(warnings[0]?.message).toContain('04d836q62');
  });

  it('keeps one identifier of a scheme and says that there was another', () => {
    const { map: mapHere, warnings } = createMapping();
    const external_ids = [isni('0000 0004 1937 0669'), isni('0000 0001 1957 0992')];
    const record = mapHere(withChange({ external_ids })) as Json;
    expect(record['identifiers']).toHaveLength(2);
    expect(warnings).toMatchObject([{ code: 'W_IDENTIFIER_REPEATED' }]);
  });

  it('takes schemes as a list or as InvenioRDM maps them, and none by default in the general form', () => {
    const schemesOf = (type: string, args: unknown) =>
      ((createMapping(type, args).map(TU_WIEN) as Json)['identifiers'] as { scheme: string }[]).map(
        ({ scheme }) => scheme,
      );
    expect(schemesOf('ror', {})).toEqual(['ror']);
    expect(schemesOf('ror', { vocab_schemes: ['isni', 'fundref'] })).toEqual(['ror', 'fundref', 'isni']);
    expect(schemesOf('ror', { vocab_schemes: { grid: { label: 'GRID' } } })).toEqual(['ror', 'grid']);
    expect(schemesOf('ror', { funder_fundref_doi_prefix: '10.5555' })).toEqual(['ror', 'doi']);
  });
});

describe('statuses', () => {
  it('keeps withdrawn organisations with their status unless told otherwise', () => {
    expect(mapWith({ status: 'withdrawn' })['status']).toBe('withdrawn');
    const { map: onlyActive } = createMapping('ror-affiliations', { statuses: ['active', 'inactive'] });
    expect(onlyActive(withChange({ status: 'withdrawn' }))).toEqual(new Skip('status', 'its status is withdrawn'));
    expect(onlyActive(TU_WIEN)).toMatchObject({ status: 'active' });
  });
});

describe('what is absent', () => {
  it('is left out of the record, never null', () => {
    const record = mapWith({
      status: null,
      types: null,
      domains: null,
      links: null,
      locations: [{ geonames_details: { country_code: null, name: ' ' } }],
    });
    expect(Object.keys(record)).toEqual(['id', 'name', 'acronym', 'aliases', 'title', 'identifiers']);
  });

  it('leaves out the place of a record that has no locations at all', () => {
    const { locations: _locations, ...rest } = TU_WIEN;
    expect(map(rest)).not.toHaveProperty('country');
  });
});

describe('odd records', () => {
  const noName = TU_WIEN.names.filter(({ types }) => !types.includes('ror_display'));

  it.each([
    ['null', null, 'E_RECORD_TYPE', 'found null'],
    ['a list', [TU_WIEN], 'E_RECORD_TYPE', 'found a list'],
    ['a text', 'ror', 'E_RECORD_TYPE', 'found the text "ror"'],
    ['no id', withChange({ id: undefined }), 'E_RECORD_NO_ID', 'found nothing'],
    ['an id that is null', withChange({ id: null }), 'E_RECORD_NO_ID', 'found null'],
    ['an id of another registry', withChange({ id: 'https://grid.ac/1' }), 'E_RECORD_NO_ID', 'found the text'],
    ['no names', withChange({ names: undefined }), 'E_RECORD_NO_NAME', 'found nothing'],
    ['no name to show', withChange({ names: noName }), 'E_RECORD_NO_NAME', 'found none with text'],
    ['a name without types', withChange({ names: [{ value: 'X' }] }), 'E_RECORD_NO_NAME', 'found none'],
    ['a name that is a number', withChange({ names: [name(5, ['ror_display'])] }), 'E_RECORD_TYPE', '/names/0/value'],
    ['names that are an object', withChange({ names: {} }), 'E_RECORD_TYPE', 'Expected a list at /names'],
    ['no place in its locations', withChange({ locations: [] }), 'E_RECORD_TYPE', 'found an empty list'],
    [
      'a location that is a text',
      withChange({ locations: ['Wien'] }),
      'E_RECORD_TYPE',
      'Expected an object at /locations/0',
    ],
    ['no external_ids', withChange({ external_ids: undefined }), 'E_RECORD_TYPE', 'Expected a list at /external_ids'],
    [
      'an identifier without values',
      withChange({ external_ids: [{ type: 'isni', all: [], preferred: null }] }),
      'E_RECORD_TYPE',
      'Expected at least one identifier at /external_ids/0/all',
    ],
    ['a status that is a number', withChange({ status: 1 }), 'E_RECORD_TYPE', 'found the number 1'],
  ])('%s: rejected with its reason', (_what, value, code, message) => {
    const error = refusal(value);
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.message).toMatch(/^Expected .*, found .*\.$/);
  });

  it('name their id in the rejection wherever it is known, so that absence is not taken for removal', () => {
    expect(refusal(withChange({ locations: [] })).details['id']).toBe('04d836q62');
    expect(refusal(withChange({ names: [] })).details['id']).toBe('04d836q62');
  });

  it('of schema v1 stop the run and name the member to choose', () => {
    const v1 = { id: 'https://ror.org/04d836q62', name: 'TU Wien', country: { country_code: 'AT' }, external_ids: {} };
    expect(() => map(v1)).toThrow(ConfigError);
    expect(() => map(v1)).toThrow(/"regex": "_schema_v2\\\\.json\$"/);
    expect(() => map(v1)).toThrow(/json:7/);
  });

  it('keep __proto__ keys as data, and change no prototype', () => {
    const hostile: unknown = JSON.parse(
      JSON.stringify(TU_WIEN).replace('{"id"', '{"__proto__":{"status":"polluted","names":[]},"id"'),
    );
    expect(map(hostile)).toEqual(map(TU_WIEN));
    expect(({} as Json)['status']).toBeUndefined();
  });
});

describe('any input', () => {
  const outcome = (value: unknown): unknown => {
    try {
      return map(value);
    } catch (error) {
      expect(error instanceof RecordError || error instanceof ConfigError).toBe(true);
      return undefined;
    }
  };

  it('gives a record or an error that is meant, for arbitrary JSON', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void outcome(value)));
  });

  it('gives a record that fits the schema or an error that is meant, for a real record with one value replaced', () => {
    const places = placesOf(TU_WIEN);
    const check = loadRecordSchema('affiliations');
    // A website is the one field that the mapping passes on without knowing whether the schema takes it.
    const mutable = places.filter((place) => place[0] !== 'links');
    fc.assert(
      fc.property(fc.constantFrom(...mutable), fc.jsonValue(), (place, value) => {
        const mutated = structuredClone(TU_WIEN) as unknown as Json;
        setAt(mutated, place, value);
        const record = outcome(mutated);
        if (record !== undefined) expect(check?.(record)).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });
});

type Path = readonly string[];

function placesOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[...at, key], ...placesOf(inner, [...at, key])]);
}

function setAt(target: Json, [key, ...rest]: Path, value: unknown): void {
  if (key === undefined) return;
  if (rest.length === 0) target[key] = value;
  else setAt(target[key] as Json, rest, value);
}
