/** Concepts as the reader `rdf` gives them, for the examples of the transformers. */

const GEMET = 'http://www.eionet.europa.eu/gemet';

export const ABANDONED_VEHICLE = {
  id: `${GEMET}/concept/8`,
  types: ['http://www.w3.org/2004/02/skos/core#Concept'],
  prefLabel: [
    { value: 'abandoned vehicle', lang: 'en' },
    { value: 'véhicule abandonné', lang: 'fr' },
  ],
  broader: [`${GEMET}/concept/9051`],
  memberOf: [`${GEMET}/group/9117`, `${GEMET}/theme/37`, `${GEMET}/theme/39`],
  ancestors: [
    { id: `${GEMET}/concept/9041`, distance: 2, prefLabel: [{ value: 'waste', lang: 'en' }] },
    { id: `${GEMET}/concept/9051`, distance: 1, prefLabel: [{ value: 'bulky waste', lang: 'en' }] },
  ],
};

const EUROSCIVOC = 'http://data.europa.eu/8mn/euroscivoc';

export const IMMUNOLOGY = {
  id: `${EUROSCIVOC}/7a3cf568-46ba-4840-be8f-f22fc030139f`,
  types: ['http://www.w3.org/2004/02/skos/core#Concept'],
  prefLabel: [
    { value: 'Immunologie', lang: 'de' },
    { value: 'immunology', lang: 'en' },
  ],
  notation: ['7a3cf568-46ba-4840-be8f-f22fc030139f', '155'],
  ancestors: [
    { id: `${EUROSCIVOC}/medical-and-health-sciences`, distance: 2, notation: ['21'] },
    { id: `${EUROSCIVOC}/basic-medicine`, distance: 1, notation: ['35'] },
  ],
};

export const ATMOSPHERIC_RADIOACTIVITY = {
  id: 'http://vocab.nerc.ac.uk/collection/P02/current/ARAD/',
  types: ['http://www.w3.org/2004/02/skos/core#Concept'],
  prefLabel: [{ value: 'Radioactivity in the atmosphere', lang: 'en' }],
  altLabel: [{ value: 'AtmosRad' }],
  notation: ['SDN:P02::ARAD'],
  definition: [{ value: 'All parameters associated with radioactivity in the atmosphere.', lang: 'en' }],
  ancestors: [],
};
