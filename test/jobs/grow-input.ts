/** The input of a job's folder, extended with so many records that staging it takes more than one checkpoint. */
import { createHash } from 'node:crypto';
import type { PackedFile } from '../support/pack-input.ts';
import { orcidIds, orcidXml } from '../support/orcid-buckets.ts';

/** One transaction of a stage takes 2,000. */
const RECORDS = 2_400;

type Grow = (files: readonly PackedFile[]) => readonly PackedFile[];

export function growInput(job: string, files: readonly PackedFile[]): readonly PackedFile[] {
  const grow = GROWN[job];
  if (grow === undefined) throw new Error(`test/jobs/grow-input.ts does not know how to grow the input of ${job}`);
  return grow(files);
}

const ROR = before(']', (n) => `, ${JSON.stringify(organisation(n))}`);
const NVS = 'http://vocab.nerc.ac.uk/collection/P02/current';
const MESH = 'http://id.nlm.nih.gov/mesh';
const RDF_TYPE = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type';
const RDF_LABEL = 'http://www.w3.org/2000/01/rdf-schema#label';

const GROWN: Readonly<Record<string, Grow>> = {
  'ror-affiliations': ROR,
  'ror-funders': ROR,
  'openaire-affiliations': before('', (n) => {
    const pids = [
      { scheme: 'ROR', value: `https://ror.org/${rorId(n)}` },
      { scheme: 'PIC', value: String(900_000_000 + n) },
    ];
    return `${JSON.stringify({ legalName: named(n), id: `openorgs____::${hex(n)}`, pids })}\n`;
  }),
  'openaire-awards': before('', (n) => {
    return `${JSON.stringify({ id: `arc_________::${hex(n)}`, code: `LE${String(n)}`, title: named(n), fundings: [{ shortName: 'ARC' }] })}\n`;
  }),
  'cordis-awards': (files) => [
    ...files,
    ...many((n) => ({
      name: `project-rcn-9${padded(n)}_en.xml`,
      content: `<project xmlns="http://cordis.europa.eu"><id>9${padded(n)}</id><title>${named(n)}</title><identifiers/></project>\n`,
    })),
  ],
  'edmo-affiliations': before(']\n }\n}', (n) => {
    const org = { type: 'uri', value: `https://edmo.seadatanet.org/report/9${padded(n)}` };
    return `, ${JSON.stringify({ org, name: { type: 'literal', value: named(n) } })}`;
  }),
  'subjects-euroscivoc': before('</rdf:RDF>', (n) => {
    return concept(
      `http://data.europa.eu/8mn/euroscivoc/c${padded(n)}`,
      named(n),
      `<skos:notation>9${padded(n)}</skos:notation>`,
    );
  }),
  'subjects-gemet': before('</rdf:RDF>', (n) => concept(`concept/9${padded(n)}`, named(n))),
  'subjects-mesh': before(
    '',
    (n) =>
      `<${MESH}/D9${padded(n)}> <${RDF_TYPE}> <${MESH}/vocab#TopicalDescriptor> .\n<${MESH}/D9${padded(n)}> <${RDF_LABEL}> "${named(n)}"@en .\n<${MESH}/D9${padded(n)}> <${MESH}/vocab#identifier> "D9${padded(n)}" .\n`,
  ),
  'subjects-nvs': before('</rdf:RDF>', (n) =>
    concept(`${NVS}/N${padded(n)}/`, named(n), `<skos:notation>SDN:P02::N${padded(n)}</skos:notation>`),
  ),
  subjects: before('', (n) => `- id: local:n${padded(n)}\n  scheme: local\n  subject: ${named(n)}\n`),
  'orcid-names-dump': (files) => [
    ...files,
    ...many((n) => {
      const id = IDS[n] ?? '';
      const content = orcidXml(id, { given: 'Ada', family: 'Of Many' });
      return { name: `ORCID_2024_01_summaries/${id.slice(-3)}/${id}.xml`, content };
    }),
  ],
};

const IDS = orcidIds(RECORDS);

/** In the last file, before what ends it. */
function before(end: string, record: (n: number) => string): Grow {
  return (files) => {
    const last = files.at(-1);
    if (last === undefined) throw new Error('an input without files');
    const text = last.content.toString();
    const at = end === '' ? text.length : text.lastIndexOf(end);
    if (at < 0) throw new Error(`${last.name} does not end with ${end}`);
    const more = Array.from({ length: RECORDS }, (_, n) => record(n)).join('');
    return [...files.slice(0, -1), { ...last, content: Buffer.from(`${text.slice(0, at)}${more}${text.slice(at)}`) }];
  };
}

function many(file: (n: number) => { readonly name: string; readonly content: string }): readonly PackedFile[] {
  return Array.from({ length: RECORDS }, (_, n) => {
    const { name, content } = file(n);
    return { name, content: Buffer.from(content) };
  });
}

function organisation(n: number): object {
  const details = { name: 'Pasadena', country_code: 'US', country_name: 'United States', lat: 1, lng: 1 };
  return {
    id: `https://ror.org/${rorId(n)}`,
    status: 'active',
    types: ['education'],
    names: [{ value: named(n), types: ['ror_display', 'label'], lang: 'en' }],
    locations: [{ geonames_id: 1, geonames_details: details }],
    external_ids: [],
    relationships: [],
    links: [],
  };
}

function concept(about: string, label: string, more = ''): string {
  return `<rdf:Description rdf:about="${about}"><rdf:type rdf:resource="http://www.w3.org/2004/02/skos/core#Concept"/><skos:prefLabel xml:lang="en">${label}</skos:prefLabel>${more}</rdf:Description>\n`;
}

function named(n: number): string {
  return `One of many ${String(n)}`;
}

function padded(n: number): string {
  return String(n).padStart(5, '0');
}

function rorId(n: number): string {
  return `09${padded(n)}${String(n % 97).padStart(2, '0')}`;
}

function hex(n: number): string {
  return createHash('md5').update(String(n)).digest('hex');
}
