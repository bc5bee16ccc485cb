import { z } from 'zod';
import { RecordError } from '../src/errors.ts';
import { defineTransformer, type Transform } from '../src/component/transformer.ts';
import { ABANDONED_VEHICLE } from './skos/example-concepts.ts';
import { ancestorsOf, identifiersOf, linksOf, requireConcept, skipDeprecated } from './skos/read-concept.ts';
import { toTitle } from './skos/to-title.ts';

export const gemetTransformer = defineTransformer({
  type: 'gemet-transformer',
  version: 2,
  summary: 'Maps concepts of GEMET to subjects as InvenioRDM keeps them.',
  description: `The id is the end of the IRI (\`gemet:concept/8\`), \`parents\` is everything above it, the farthest first, \`groups\` and \`themes\`
are the collections that it is a member of, as their IRIs. The first letter of each label is changed to upper case.
Deprecated concepts are filtered, and are not among the parents. Use it after the reader \`rdf\`. docs/compatibility.md lists the differences from InvenioRDM.`,
  args: z.strictObject({}),
  examples: [
    {
      title: 'A concept with a group and two themes',
      args: {},
      input: ABANDONED_VEHICLE,
      output: {
        id: 'gemet:concept/8',
        scheme: 'GEMET',
        subject: 'Abandoned vehicle',
        title: { en: 'Abandoned vehicle', fr: 'Véhicule abandonné' },
        props: {
          parents: 'gemet:concept/9041,gemet:concept/9051',
          groups: ['http://www.eionet.europa.eu/gemet/group/9117'],
          themes: ['http://www.eionet.europa.eu/gemet/theme/37', 'http://www.eionet.europa.eu/gemet/theme/39'],
        },
        identifiers: [{ scheme: 'url', identifier: ABANDONED_VEHICLE.id }],
      },
    },
  ],
  create: () => mapConcept,
});

const mapConcept: Transform = (value, { warn, isDeleted }) => {
  const concept = requireConcept(value);
  const id = toId(concept.iri);
  if (id === undefined) throw notGemet(concept.iri);
  if (isDeleted === true) return { id };
  const skipped = skipDeprecated(concept);
  if (skipped !== undefined) return skipped;
  const parents = ancestorsOf(concept).flatMap((ancestor) => toId(ancestor.id) ?? []);
  const collections = linksOf(concept, 'memberOf');
  const groups = collections.filter((iri) => iri.includes('group'));
  const themes = collections.filter((iri) => iri.includes('theme') && !iri.includes('group'));
  return {
    id,
    scheme: 'GEMET',
    ...toTitle(concept, id, warn),
    props: {
      ...(parents.length > 0 ? { parents: parents.join(',') } : {}),
      ...(groups.length > 0 ? { groups } : {}),
      ...(themes.length > 0 ? { themes } : {}),
    },
    identifiers: identifiersOf(concept),
  };
};

/** `http://www.eionet.europa.eu/gemet/concept/8` → `gemet:concept/8` */
function toId(iri: string): string | undefined {
  const end = /([^/]+\/[^/]+)$/.exec(iri)?.[1];
  return end === undefined ? undefined : `gemet:${end}`;
}

function notGemet(iri: string): RecordError {
  return new RecordError(
    'E_RECORD_NO_ID',
    `Expected the IRI of a concept of GEMET, such as http://www.eionet.europa.eu/gemet/concept/8, found ${JSON.stringify(iri.slice(0, 200))}.`,
  );
}
