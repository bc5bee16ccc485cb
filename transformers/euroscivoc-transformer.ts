import { z } from 'zod';
import { RecordError } from '../src/errors.ts';
import { defineTransformer, type Transform } from '../src/component/transformer.ts';
import { IMMUNOLOGY } from './skos/example-concepts.ts';
import { ancestorsOf, identifiersOf, linksOf, requireConcept, skipDeprecated } from './skos/read-concept.ts';
import { toTitle } from './skos/to-title.ts';

export const euroscivocTransformer = defineTransformer({
  type: 'euroscivoc-transformer',
  version: 2,
  summary: 'Maps concepts of EuroSciVoc to subjects as InvenioRDM keeps them.',
  description: `The id is the number among the notations (\`euroscivoc:155\`), \`parents\` are the numbers of everything above it, the
farthest first. The first letter of each label is changed to upper case.
Deprecated concepts are filtered, and are not among the parents. Use it after the reader \`rdf\`. docs/compatibility.md lists the differences from InvenioRDM.`,
  args: z.strictObject({}),
  examples: [
    {
      title: 'A concept with two levels above it',
      args: {},
      input: IMMUNOLOGY,
      output: {
        id: 'euroscivoc:155',
        scheme: 'EuroSciVoc',
        subject: 'Immunology',
        title: { de: 'Immunologie', en: 'Immunology' },
        props: { parents: 'euroscivoc:21,euroscivoc:35' },
        identifiers: [{ scheme: 'url', identifier: IMMUNOLOGY.id }],
      },
    },
  ],
  create: () => mapConcept,
});

const mapConcept: Transform = (value, { warn, isDeleted }) => {
  const concept = requireConcept(value);
  const number = numberAmong(linksOf(concept, 'notation'));
  if (number === undefined) throw noNumber(concept.iri);
  const id = `euroscivoc:${number}`;
  if (isDeleted === true) return { id };
  const skipped = skipDeprecated(concept);
  if (skipped !== undefined) return skipped;
  const parents = ancestorsOf(concept)
    .flatMap(({ notation = [] }) => numberAmong(notation) ?? [])
    .map((parent) => `euroscivoc:${parent}`);
  return {
    id,
    scheme: 'EuroSciVoc',
    ...toTitle(concept, id, warn),
    props: parents.length > 0 ? { parents: parents.join(',') } : {},
    identifiers: identifiersOf(concept),
  };
};

/** The other notation is a UUID. */
function numberAmong(notations: readonly string[]): string | undefined {
  return notations.find((notation) => /^\d+$/.test(notation));
}

function noNumber(iri: string): RecordError {
  return new RecordError(
    'E_RECORD_NO_ID',
    `Expected a number among the notations of the concept ${iri}, found none: EuroSciVoc names its concepts by it.`,
  );
}
