import { z } from 'zod';
import { RecordError } from '../src/errors.ts';
import { defineTransformer, type Transform } from '../src/component/transformer.ts';
import { ATMOSPHERIC_RADIOACTIVITY } from './skos/example-concepts.ts';
import { identifiersOf, linksOf, requireConcept, skipDeprecated, textsOf, type Concept } from './skos/read-concept.ts';
import { toTitle } from './skos/to-title.ts';

export const nvsTransformer = defineTransformer({
  type: 'nvs-transformer',
  version: 1,
  summary: 'Maps concepts of the NERC Vocabulary Server to subjects as InvenioRDM keeps them.',
  description: `The id is the notation (\`SDN:P02::ARAD\`), the scheme is derived from the collection (\`NVS-P02\`). The first letter of each label is
raised. Deprecated concepts are filtered. Use it after the reader \`rdf\`. docs/compatibility.md lists the differences from InvenioRDM.`,
  args: z.strictObject({}),
  examples: [
    {
      title: 'A concept of the collection P02',
      args: {},
      input: ATMOSPHERIC_RADIOACTIVITY,
      output: {
        id: 'SDN:P02::ARAD',
        scheme: 'NVS-P02',
        subject: 'Radioactivity in the atmosphere',
        title: { en: 'Radioactivity in the atmosphere' },
        props: { definition: 'All parameters associated with radioactivity in the atmosphere.' },
        identifiers: [{ scheme: 'url', identifier: ATMOSPHERIC_RADIOACTIVITY.id }],
      },
    },
  ],
  create: () => mapConcept,
});

const mapConcept: Transform = (value, { warn, isDeleted }) => {
  const concept = requireConcept(value);
  const [id] = linksOf(concept, 'notation');
  if (id === undefined) throw noNotation(concept.iri);
  if (isDeleted === true) return { id };
  const skipped = skipDeprecated(concept);
  if (skipped !== undefined) return skipped;
  const definition = definitionOf(concept);
  return {
    id,
    scheme: schemeOf(concept.iri, id),
    ...toTitle(concept, id, warn),
    props: definition === undefined ? {} : { definition },
    identifiers: identifiersOf(concept),
  };
};

/** The English one, else the first. */
function definitionOf(concept: Concept): string | undefined {
  const definitions = textsOf(concept, 'definition');
  return (definitions.find(({ lang }) => lang === 'en') ?? definitions[0])?.value;
}

/** By the address of the concept, else by its notation. */
function schemeOf(iri: string, id: string): string {
  const collection = /\/collection\/([A-Za-z0-9]+)(?:\/|$)/.exec(iri)?.[1] ?? /^SDN:([A-Za-z0-9]+):/.exec(id)?.[1];
  if (collection !== undefined) return `NVS-${collection}`;
  throw new RecordError(
    'E_RECORD_NO_ID',
    `Expected a concept of a collection of the NERC Vocabulary Server, such as http://vocab.nerc.ac.uk/collection/P02/current/ARAD/, found ${JSON.stringify(iri.slice(0, 200))}.`,
    { details: { id } },
  );
}

function noNotation(iri: string): RecordError {
  return new RecordError(
    'E_RECORD_NO_ID',
    `Expected a notation, such as "SDN:P02::ARAD", in the concept ${iri}, found none.`,
  );
}
