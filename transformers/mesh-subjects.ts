import { z } from 'zod';
import { RecordError } from '../src/errors.ts';
import { defineTransformer, type Transform } from '../src/component/transformer.ts';
import { isJsonObject } from '../src/records/json-object.ts';
import { createFieldReader, describeValue } from '../src/records/field-reader.ts';
import { requireConcept, skipDeprecated } from './skos/read-concept.ts';
import { toTitle } from './skos/to-title.ts';

export const meshSubjects = defineTransformer({
  type: 'mesh-subjects',
  version: 2,
  summary: 'Maps MeSH descriptors to subjects as InvenioRDM keeps them.',
  description: `The id is the MeSH id (\`mesh:D000001\`), from the end of a URL such as \`https://id.nlm.nih.gov/mesh/D000001\`. Accepts
subjects in the format of InvenioRDM's fixtures (\`id\`, \`subject\`, optionally \`title\` and further fields, which are kept), and
descriptors of MeSH's own RDF after the reader \`rdf\`. Deprecated descriptors are filtered.`,
  args: z.strictObject({}),
  examples: [
    {
      title: 'A subject of a fixture',
      args: {},
      input: { id: 'https://id.nlm.nih.gov/mesh/D000001', scheme: 'MeSH', subject: 'Calcimycin' },
      output: { id: 'mesh:D000001', scheme: 'MeSH', subject: 'Calcimycin', title: { en: 'Calcimycin' } },
    },
    {
      title: "A descriptor of MeSH's RDF",
      args: {},
      input: { id: 'http://id.nlm.nih.gov/mesh/D000005', label: [{ value: 'Abdomen', lang: 'en' }], ancestors: [] },
      output: { id: 'mesh:D000005', scheme: 'MeSH', subject: 'Abdomen', title: { en: 'Abdomen' } },
    },
  ],
  create: () => mapDescriptor,
});

const { readText, readObject } = createFieldReader('MeSH subject');

const mapDescriptor: Transform = (value, { warn, isDeleted }) => {
  if (!isJsonObject(value)) {
    throw new RecordError('E_RECORD_TYPE', `Expected a MeSH subject (a JSON object), found ${describeValue(value)}.`);
  }
  const id = requireId(value['id']);
  if (isDeleted === true) return { id };
  if (Array.isArray(value['label']) || Array.isArray(value['prefLabel'])) {
    const concept = requireConcept(value);
    const skipped = skipDeprecated(concept);
    if (skipped !== undefined) return skipped;
    return { id, scheme: 'MeSH', ...toTitle(concept, id, warn, (label) => label) };
  }
  const { id: _id, scheme, subject, title, ...further } = value;
  const texts = title === undefined || title === null ? {} : readObject(title, id, 'title');
  const english = readText(texts['en'], id, 'title', 'en');
  const shown = readText(subject, id, 'subject') ?? english;
  if (shown === undefined) throw noName(id, subject);
  return {
    id,
    scheme: readText(scheme, id, 'scheme') ?? 'MeSH',
    subject: shown,
    title: { ...texts, en: english ?? shown },
    ...further,
  };
};

/** An address, the bare id, or one that has its prefix already; a descriptor with a qualifier is `D000001Q000008`. */
const MESH_ID = /^(?:https?:\/\/\S*\/|mesh:)?([A-Z]\d{3,}(?:Q\d{3,})?)$/;

function requireId(found: unknown): string {
  const id = typeof found === 'string' ? MESH_ID.exec(found.trim())?.[1] : undefined;
  if (id !== undefined) return `mesh:${id}`;
  throw new RecordError(
    'E_RECORD_NO_ID',
    `Expected the MeSH id of the subject, such as "https://id.nlm.nih.gov/mesh/D000001", at /id, found ${describeValue(found)}.`,
  );
}

function noName(id: string, found: unknown): RecordError {
  return new RecordError('E_RECORD_NO_NAME', `Expected a text at /subject of ${id}, found ${describeValue(found)}.`, {
    details: { id },
  });
}
