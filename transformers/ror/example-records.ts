/** Real organisations as ROR describes them, cut to what the mapping reads, for the examples of the three transformers. */

export const TU_WIEN = {
  id: 'https://ror.org/04d836q62',
  names: [
    { lang: 'de', types: ['ror_display', 'label'], value: 'TU Wien' },
    { lang: null, types: ['acronym'], value: 'TUW' },
    { lang: 'de', types: ['alias'], value: 'Technische Universität Wien' },
    { lang: 'en', types: ['alias'], value: 'Vienna University of Technology' },
  ],
  status: 'active',
  types: ['education', 'funder'],
  locations: [
    {
      geonames_id: 2761369,
      geonames_details: { country_code: 'AT', country_name: 'Austria', lat: 48.20849, lng: 16.37208, name: 'Vienna' },
    },
  ],
  links: [
    { type: 'website', value: 'https://www.tuwien.at' },
    { type: 'wikipedia', value: 'https://en.wikipedia.org/wiki/TU_Wien' },
  ],
  domains: [],
  external_ids: [
    { type: 'fundref', all: ['501100004729', '100007223', '501100012650'], preferred: '501100004729' },
    { type: 'grid', all: ['grid.5329.d'], preferred: 'grid.5329.d' },
    { type: 'isni', all: ['0000 0004 1937 0669'], preferred: '0000 0004 1937 0669' },
    { type: 'wikidata', all: ['Q689400', 'Q757615'], preferred: 'Q689400' },
  ],
};

/** What of the output all three have in common. */
export const TU_WIEN_CORE = {
  id: '04d836q62',
  name: 'TU Wien',
  acronym: 'TUW',
  aliases: ['Technische Universität Wien', 'Vienna University of Technology'],
  title: { de: 'TU Wien', en: 'TU Wien' },
  status: 'active',
  types: ['education', 'funder'],
  country: 'AT',
  country_name: 'Austria',
  location_name: 'Vienna',
};

export const SNSF = {
  id: 'https://ror.org/00yjd3n13',
  names: [
    { lang: null, types: ['acronym'], value: 'FNS' },
    { lang: 'it', types: ['label'], value: 'Fondo Nazionale Svizzero per la Ricerca Scientifica' },
    { lang: 'fr', types: ['label'], value: 'Fonds national suisse de la recherche scientifique' },
    { lang: 'en', types: ['alias'], value: 'National Science Foundation of Switzerland' },
    { lang: null, types: ['acronym'], value: 'SNF' },
    { lang: null, types: ['acronym'], value: 'SNSF' },
    { lang: 'en', types: ['ror_display', 'label'], value: 'Swiss National Science Foundation' },
  ],
  status: 'active',
  types: ['funder', 'government'],
  locations: [
    {
      geonames_id: 2661552,
      geonames_details: { country_code: 'CH', country_name: 'Switzerland', lat: 46.94809, lng: 7.44744, name: 'Bern' },
    },
  ],
  links: [{ type: 'website', value: 'https://www.snf.ch' }],
  domains: ['snf.ch'],
  external_ids: [
    { type: 'fundref', all: ['501100001711', '501100002339'], preferred: '501100001711' },
    { type: 'grid', all: ['grid.425888.b'], preferred: 'grid.425888.b' },
    { type: 'isni', all: ['0000 0001 1957 0992'], preferred: null },
  ],
};
