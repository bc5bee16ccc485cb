import { describe, expect, it } from 'vitest';
import { euroscivocTransformer } from '../../transformers/euroscivoc-transformer.ts';
import { gemetTransformer } from '../../transformers/gemet-transformer.ts';
import { meshSubjects } from '../../transformers/mesh-subjects.ts';
import { nvsTransformer } from '../../transformers/nvs-transformer.ts';
import type { Warning } from '../../src/component/reader.ts';
import { Skip, type Transformer } from '../../src/component/transformer.ts';
import { refusalOf } from '../support/refusal-of.ts';
import { silentLogger } from '../support/silent-logger.ts';

const warnings: Warning[] = [];

function map(transformer: Transformer, value: unknown, isDeleted = false): Record<string, unknown> {
  warnings.length = 0;
  const transform = transformer.create(transformer.args.parse({}), { logger: silentLogger() });
  const made = transform(value, { origin: () => '', isDeleted, warn: (warning) => warnings.push(warning) });
  return made instanceof Skip ? { skipped: made.code } : (made as Record<string, unknown>);
}

const gemet = (labels: Record<string, unknown>) => ({ id: 'http://www.eionet.europa.eu/gemet/concept/7', ...labels });
const label = (value: string, lang?: string) => (lang === undefined ? { value } : { value, lang });

describe('labels', () => {
  it('have their first letter raised, and no other touched', () => {
    const labels = [label('AIDS', 'en'), label('élevage', 'fr'), label('pH-Wert', 'de'), label('ﬁn', 'sv')];
    expect(map(gemetTransformer, gemet({ prefLabel: labels }))).toMatchObject({
      subject: 'AIDS',
      title: { de: 'PH-Wert', en: 'AIDS', fr: 'Élevage', sv: 'FIn' },
    });
  });

  it('of a region stand in for their language, where it has no label itself', () => {
    const labels = [label('colour', 'en-gb'), label('color', 'en'), label('颜色', 'zh-cn')];
    expect(map(gemetTransformer, gemet({ prefLabel: labels }))['title']).toEqual({ en: 'Color', zh: '颜色' });
  });

  it('count once for each language: of preferred ones the last, of alternative ones the first', () => {
    const labels = [label('one', 'en'), label('un', 'fr'), label('two', 'en'), label('deux', 'fr-CA')];
    expect(map(gemetTransformer, gemet({ prefLabel: labels }))['title']).toEqual({ en: 'Two', fr: 'Un' });
    const altLabel = [label('one', 'en'), label('two', 'en')];
    expect(map(gemetTransformer, gemet({ prefLabel: [label('un', 'fr')], altLabel }))['title']).toEqual({
      en: 'One',
      fr: 'Un',
    });
  });

  it('that are alternative and of no language stand for English only where no label is preferred', () => {
    const value = { altLabel: [label('BOD')] };
    expect(map(gemetTransformer, gemet(value))['title']).toEqual({ en: 'BOD' });
    expect(map(gemetTransformer, gemet({ ...value, prefLabel: [label('Baum', 'de')] }))['title']).toEqual({
      de: 'Baum',
    });
  });

  it('without a language count as English where there is none', () => {
    expect(map(gemetTransformer, gemet({ prefLabel: [label('tree')] }))['title']).toEqual({ en: 'Tree' });
    const both = [label('baum'), label('tree', 'en')];
    expect(map(gemetTransformer, gemet({ prefLabel: both }))['title']).toEqual({ en: 'Tree' });
  });

  it('of other languages than two letters are left out with a warning', () => {
    const made = map(gemetTransformer, gemet({ prefLabel: [label('arbor', 'lat'), label('tree', 'en')] }));
    expect(made['title']).toEqual({ en: 'Tree' });
    expect(warnings).toMatchObject([{ code: 'W_LABEL_LANGUAGE' }]);
  });

  it('that are alternative fill the languages that have none, where none is English', () => {
    const value = gemet({ prefLabel: [label('Baum', 'de')], altLabel: [label('tree', 'en'), label('Gehölz', 'de')] });
    expect(map(gemetTransformer, value)['title']).toEqual({ de: 'Baum', en: 'Tree' });
    const english = gemet({ prefLabel: [label('tree', 'en')], altLabel: [label('arbre', 'fr')] });
    expect(map(gemetTransformer, english)['title']).toEqual({ en: 'Tree' });
  });

  it('give the subject: the English one, else the first by language', () => {
    const value = gemet({ prefLabel: [label('träd', 'sv'), label('Baum', 'de')] });
    expect(map(gemetTransformer, value)['subject']).toBe('Baum');
  });

  it('must be there', () => {
    for (const labels of [{}, { prefLabel: [] }, { prefLabel: [label('  ', 'en')] }]) {
      const error = refusalOf(() => map(gemetTransformer, gemet(labels)));
      expect(error).toMatchObject({ code: 'E_RECORD_NO_NAME', details: { id: 'gemet:concept/7' } });
    }
  });
});

describe('a concept', () => {
  const prefLabel = [label('tree', 'en')];

  it.each([
    [euroscivocTransformer, { id: 'http://a/b', prefLabel, notation: ['not-a-number'] }],
    [gemetTransformer, { id: 'urn:x', prefLabel }],
    [nvsTransformer, { id: 'http://vocab.nerc.ac.uk/collection/P02/current/X/', prefLabel }],
    [nvsTransformer, { id: 'http://a/b', notation: ['X'], prefLabel }],
    [meshSubjects, { id: 'https://id.nlm.nih.gov/mesh/', subject: 'A' }],
    [meshSubjects, { subject: 'A' }],
  ] as const)('%#: without the id of its thesaurus is rejected', (transformer, value) => {
    expect(refusalOf(() => map(transformer, value)).code).toBe('E_RECORD_NO_ID');
  });

  it('has parents by the notations that name one', () => {
    const ancestors = [
      { id: 'http://a/1', notation: ['uuid', '23'] },
      { id: 'http://a/2', notation: ['uuid'] },
      { id: 'http://a/3' },
    ];
    const value = { id: 'http://a/4', notation: ['99'], prefLabel, ancestors };
    expect(map(euroscivocTransformer, value)['props']).toEqual({ parents: 'euroscivoc:23' });
    expect(map(euroscivocTransformer, { ...value, ancestors: [] })['props']).toEqual({});
  });

  it('of NVS that is deprecated is filtered', () => {
    const value = {
      id: 'http://vocab.nerc.ac.uk/collection/P01/current/X/',
      notation: ['SDN:P01::X'],
      prefLabel,
      properties: { 'http://www.w3.org/2002/07/owl#deprecated': [{ type: 'literal', value: 'true' }] },
    };
    expect(map(nvsTransformer, value)).toEqual({ skipped: 'deprecated' });
    const shouted = [{ type: 'literal', value: 'TRUE' }];
    const properties = { 'http://www.w3.org/2002/07/owl#deprecated': shouted };
    expect(map(nvsTransformer, { ...value, properties })).toEqual({ skipped: 'deprecated' });
    expect(map(nvsTransformer, { ...value, properties: {} })).toMatchObject({ scheme: 'NVS-P01', props: {} });
  });

  it('of NVS is defined in English, where there is a choice', () => {
    const definition = [label('Définition', 'fr'), label('Definition', 'en')];
    const value = { id: 'http://vocab.nerc.ac.uk/collection/P01/current/X/', notation: ['SDN:P01::X'], prefLabel };
    expect(map(nvsTransformer, { ...value, definition })['props']).toEqual({ definition: 'Definition' });
  });

  it('is identified by its IRI where that is an address', () => {
    const value = { prefLabel, notation: ['23'] };
    const identifiers = (id: string) => map(euroscivocTransformer, { ...value, id })['identifiers'];
    expect(identifiers('http://data.europa.eu/8mn/euroscivoc/1')).toEqual([
      { scheme: 'url', identifier: 'http://data.europa.eu/8mn/euroscivoc/1' },
    ]);
    expect(identifiers('urn:uuid:1')).toEqual([]);
  });

  it('that the source deleted needs no more than its id', () => {
    expect(map(gemetTransformer, gemet({}), true)).toEqual({ id: 'gemet:concept/7' });
    expect(map(euroscivocTransformer, { id: 'http://a', notation: ['4'] }, true)).toEqual({ id: 'euroscivoc:4' });
    expect(map(meshSubjects, { id: 'mesh:D000001' }, true)).toEqual({ id: 'mesh:D000001' });
  });
});

describe('mesh-subjects', () => {
  it('puts its prefix once', () => {
    for (const id of ['https://id.nlm.nih.gov/mesh/D000001', 'D000001', 'mesh:D000001']) {
      expect(map(meshSubjects, { id, subject: 'Calcimycin' })['id']).toBe('mesh:D000001');
    }
  });

  it('takes a descriptor with its qualifier', () => {
    const value = { id: 'https://id.nlm.nih.gov/mesh/D000001Q000008', subject: 'Calcimycin/administration & dosage' };
    expect(map(meshSubjects, value)['id']).toBe('mesh:D000001Q000008');
  });

  it('keeps what a fixture says besides', () => {
    const value = {
      id: 'D000001',
      subject: 'Calcimycin',
      title: { de: 'Calcimycin' },
      synonyms: ['A-23187'],
      tags: ['x'],
    };
    expect(map(meshSubjects, value)).toEqual({
      id: 'mesh:D000001',
      scheme: 'MeSH',
      subject: 'Calcimycin',
      title: { de: 'Calcimycin', en: 'Calcimycin' },
      synonyms: ['A-23187'],
      tags: ['x'],
    });
  });
});
