/**
 * The samples: which facts table in which format, the shipped job that reads it here, and the readers and transformers
 * that read it in InvenioRDM. `rebuild.ts` gives them to InvenioRDM's own code, `samples.test.ts` to ours.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPackageRoot } from '../../src/job/package-root.ts';
import type { JsonObject } from '../../src/records/json-object.ts';
import { packInput, type PackedFile } from '../support/pack-input.ts';
import { readFacts, type Fact } from './facts.ts';
import { edmoResults, openaireOrganization, openaireProject, rorRecord, type OpenaireSchema } from './write-json.ts';
import { euroscivocDocument, gemetDocument, meshDocument, nvsDocument } from './write-subjects.ts';
import { cordisDocument, orcidDocument } from './write-xml.ts';

export interface InvenioChain {
  readonly readers: readonly { readonly type: string; readonly args?: JsonObject }[];
  readonly transformers?: readonly { readonly type: string; readonly args?: JsonObject }[];
  /** What the reader before the first one hands on: the bytes, unless it is an open file. */
  readonly opened?: 'file' | 'text';
  /** The schema of InvenioRDM that the records are checked with. */
  readonly vocabulary?: string;
}

export interface Sample {
  readonly name: string;
  /** The facts table. */
  readonly table: string;
  readonly config: JsonObject;
  readonly invenio: InvenioChain;
  /** The files of the source, unpacked, as many entries as facts and in their order. */
  readonly write: (facts: readonly Fact[]) => readonly PackedFile[];
  /** The IRI of a concept: readers of RDF deliver concepts in orders of their own. */
  readonly iriOf?: (fact: Fact) => string;
}

const file = (name: string, content: string): PackedFile => ({ name, content: Buffer.from(content) });
const jsonLines = (values: readonly object[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');

/** The config of a shipped job. */
function configOf(job: string): JsonObject {
  return JSON.parse(readFileSync(join(findPackageRoot(), 'config', 'jobs', `${job}.json`), 'utf8')) as JsonObject;
}

function ror(vocabulary: 'affiliations' | 'funders'): Sample {
  return {
    name: `ror-${vocabulary}`,
    table: 'ror',
    config: configOf(`ror-${vocabulary}`),
    invenio: {
      opened: 'file',
      readers: [{ type: 'zip', args: { regex: '-ror-data\\.json$' } }, { type: 'json' }],
      transformers: [{ type: `ror-${vocabulary}` }],
      vocabulary,
    },
    write: (facts) => [file('v0.0-2026-01-01-ror-data.json', JSON.stringify(facts.map(rorRecord), null, 4))],
  };
}

function openaire(kind: 'project' | 'organization', schema: OpenaireSchema): Sample {
  const write = kind === 'project' ? openaireProject : openaireOrganization;
  return {
    name: `openaire-${kind}s${schema === 'old' ? '-old-schema' : ''}`,
    table: `openaire-${kind}s`,
    config: configOf(kind === 'project' ? 'openaire-awards' : 'openaire-affiliations'),
    invenio: {
      opened: 'file',
      readers: [{ type: 'tar', args: { regex: '\\.json\\.gz$', mode: 'r' } }, { type: 'gzip' }, { type: 'jsonl' }],
      transformers: [{ type: kind === 'project' ? 'openaire-award' : 'openaire-organization' }],
      ...(kind === 'project' ? { vocabulary: 'awards' } : {}),
    },
    write: (facts) => [file(`${kind}/part-00000.json`, jsonLines(facts.map((fact) => write(fact, schema))))],
  };
}

const orcidNames: Sample = {
  name: 'orcid-names',
  table: 'orcid',
  config: configOf('orcid-names-dump'),
  invenio: {
    opened: 'file',
    readers: [
      { type: 'tar', args: { regex: '\\.xml$', mode: 'r' } },
      { type: 'xml', args: { root_element: 'record' } },
    ],
    transformers: [{ type: 'orcid' }],
  },
  // Numbered, so that their order is that of the table.
  write: (facts) =>
    facts.map((fact, i) => ({
      name: `summaries/${String(i).padStart(3, '0')}/${String(fact['orcid'])}.xml`,
      content: Buffer.from(orcidDocument(fact), fact['bytes'] === 'latin1' ? 'latin1' : 'utf8'),
    })),
};

/** PIC → ROR id, as the mapping of the source has them. */
const PICS = { '999979888': '04d836q62', '999979500': '05a28rw58' };

const cordisAwards: Sample = {
  name: 'cordis-awards',
  table: 'cordis',
  config: { ...configOf('cordis-awards'), transformers: [{ type: 'cordis-award', args: { pic_mapping: PICS } }] },
  invenio: {
    opened: 'file',
    readers: [
      { type: 'zip', args: { regex: '\\.xml$' } },
      { type: 'xml', args: { root_element: 'project' } },
    ],
    transformers: [{ type: 'cordis-award', args: { pic_mapping: PICS } }],
    vocabulary: 'awards',
  },
  write: (facts) =>
    facts.map((fact, i) =>
      file(`${String(i).padStart(3, '0')}-project-rcn-${String(fact['rcn'])}_en.xml`, cordisDocument(fact)),
    ),
};

const euroscivoc: Sample = {
  name: 'subjects-euroscivoc',
  table: 'euroscivoc',
  config: configOf('subjects-euroscivoc'),
  invenio: { readers: [{ type: 'rdf' }], transformers: [{ type: 'euroscivoc-transformer' }], vocabulary: 'subjects' },
  write: (facts) => [file('EuroSciVoc-skos-ap-eu.rdf', euroscivocDocument(facts))],
  iriOf: ({ key }) => `http://data.europa.eu/8mn/euroscivoc/${String(key)}`,
};

const gemet: Sample = {
  name: 'subjects-gemet',
  table: 'gemet',
  config: configOf('subjects-gemet'),
  invenio: {
    readers: [{ type: 'gzip' }, { type: 'rdf' }],
    transformers: [{ type: 'gemet-transformer' }],
    vocabulary: 'subjects',
  },
  write: (facts) => [file('gemet.rdf', gemetDocument(facts))],
  iriOf: ({ concept }) =>
    `http://www.eionet.europa.eu/gemet/${typeof concept === 'number' ? 'concept/' : ''}${String(concept)}`,
};

const nvs: Sample = {
  name: 'subjects-nvs',
  table: 'nvs',
  config: configOf('subjects-nvs'),
  invenio: { readers: [{ type: 'rdf' }], transformers: [{ type: 'nvs-transformer' }], vocabulary: 'subjects' },
  write: (facts) => [file('P02.rdf', nvsDocument(facts))],
  iriOf: ({ code, collection }) =>
    `http://vocab.nerc.ac.uk/collection/${typeof collection === 'string' ? collection : 'P02'}/current/${String(code)}/`,
};

const mesh: Sample = {
  name: 'subjects-mesh',
  table: 'mesh',
  config: {
    ...configOf('subjects-mesh'),
    readers: [{ type: 'file', args: { path: 'subjects_mesh.yaml' } }, { type: 'yaml' }],
  },
  invenio: {
    opened: 'text',
    readers: [{ type: 'yaml' }],
    transformers: [{ type: 'mesh-subjects' }],
    vocabulary: 'subjects',
  },
  write: (facts) => [file('subjects_mesh.yaml', meshDocument(facts))],
};

const edmo: Sample = {
  name: 'edmo-affiliations',
  table: 'edmo',
  config: configOf('edmo-affiliations'),
  invenio: {
    readers: [{ type: 'sparql', args: { query: 'SELECT * WHERE { ?org ?property ?value }' } }],
    transformers: [{ type: 'edmo-organization' }],
    vocabulary: 'affiliations',
  },
  write: (facts) => [file('results.json', JSON.stringify(edmoResults(facts), null, 1))],
};

export const samples: readonly Sample[] = [
  ror('affiliations'),
  ror('funders'),
  orcidNames,
  openaire('project', 'current'),
  openaire('project', 'old'),
  openaire('organization', 'current'),
  openaire('organization', 'old'),
  cordisAwards,
  euroscivoc,
  gemet,
  nvs,
  mesh,
  edmo,
];

export function factsOf({ name, table }: Sample): readonly Fact[] {
  return readFacts(table).filter(({ only_in: only }) => only?.includes(name) !== false);
}

/** The files of the source as it delivers them: packed for the readers before the parser. */
export function packSample({ invenio }: Sample, files: readonly PackedFile[]): readonly PackedFile[] {
  return packInput(
    files,
    invenio.readers.slice(0, -1).map(({ type }) => type),
  );
}

/** Of what InvenioRDM's code is given: a golden of another digest is out of date. */
export function digestOf(files: readonly PackedFile[], chain: InvenioChain): string {
  const hash = createHash('sha256').update(JSON.stringify(chain));
  for (const { name, content } of files) hash.update(`\n${name}\n`).update(content);
  return hash.digest('hex');
}
