/**
 * Texts and examples for the page of each record schema, in addition to the schema. A test checks every example against
 * its schema.
 */
import type { JsonObject } from '../../records/json-object.ts';

export const RECORD_FACTS: Readonly<Record<string, { readonly intro?: string; readonly example: JsonObject }>> = {
  'affiliation-identifiers': {
    intro:
      'Sources such as OpenAIRE only add identifiers to affiliations that another job publishes; see [layers](../../layers.md).',
    example: {
      id: '05a28rw58',
      identifiers: [{ scheme: 'pic', identifier: '999979015' }],
    },
  },
  affiliations: {
    example: {
      id: '05a28rw58',
      name: 'ETH Zurich',
      acronym: 'ETH',
      aliases: ['Swiss Federal Institute of Technology'],
      title: { en: 'ETH Zurich', de: 'ETH Zürich' },
      status: 'active',
      types: ['education'],
      country: 'CH',
      country_name: 'Switzerland',
      location_name: 'Zurich',
      website: 'https://ethz.ch',
      domains: ['ethz.ch'],
      identifiers: [
        { scheme: 'ror', identifier: '05a28rw58' },
        { scheme: 'isni', identifier: '0000 0001 2156 2780' },
      ],
    },
  },
  awards: {
    example: {
      id: '00k4n6c32::101000001',
      number: '101000001',
      title: { en: 'Labels for everyone' },
      acronym: 'LABEL',
      program: 'Horizon 2020',
      website: 'https://example.org/projects/label',
      start_date: '2026-01-01',
      end_date: '2029-12-31',
      funder: { id: '00k4n6c32' },
      subjects: [{ id: 'euroscivoc:37' }],
      organizations: [{ id: '05a28rw58', scheme: 'ror', name: 'ETH Zurich' }],
      identifiers: [{ scheme: 'url', identifier: 'https://example.org/projects/label' }],
    },
  },
  funders: {
    example: {
      id: '00yjd3n13',
      name: 'Swiss National Science Foundation',
      acronym: 'SNSF',
      title: { en: 'Swiss National Science Foundation', de: 'Schweizerischer Nationalfonds' },
      country: 'CH',
      country_name: 'Switzerland',
      identifiers: [
        { scheme: 'ror', identifier: '00yjd3n13' },
        { scheme: 'doi', identifier: '10.13039/501100001711' },
      ],
    },
  },
  names: {
    example: {
      id: '0000-0001-0000-0009',
      name: 'Muster, Erika',
      given_name: 'Erika',
      family_name: 'Muster',
      identifiers: [{ scheme: 'orcid', identifier: '0000-0001-0000-0009' }],
      affiliations: [{ id: '05a28rw58' }, { name: 'Museum of Examples' }],
    },
  },
  subjects: {
    intro: 'If `subject` is absent, it becomes the English `title`.',
    example: {
      id: 'mineral:18',
      scheme: 'MINERALS',
      subject: 'fluorite',
      title: { en: 'fluorite', de: 'Flußspat' },
      synonyms: ['fluorspar'],
      props: { density: '3.18', broader: ['mineral:1'] },
      identifiers: [{ scheme: 'gnd', identifier: '4154815-5' }],
    },
  },
  vocabulary: {
    intro: 'Use it for vocabularies such as languages, licences or resource types.',
    example: {
      id: 'dataset',
      type: 'resourcetypes',
      title: { en: 'Dataset', de: 'Datensatz' },
      icon: 'table',
      props: { datacite_general: 'Dataset' },
      tags: ['depositable'],
    },
  },
};
