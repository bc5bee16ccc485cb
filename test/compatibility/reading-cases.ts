/**
 * Files that InvenioRDM's readers and ours read in different ways, each with the readers of a pasted config and with
 * what comes of it here. What InvenioRDM makes of them is in `goldens/reading.jsonl`.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { buildTar } from '../support/build-tar.ts';
import { buildZip } from '../support/build-zip.ts';
import type { PackedFile } from '../support/pack-input.ts';
import { digestOf, type InvenioChain } from './samples.ts';

export interface ReadingCase {
  /** docs/compatibility.md names it. */
  readonly name: string;
  readonly files: readonly PackedFile[];
  readonly invenio: InvenioChain;
  readonly ours: {
    /** The values that are read, and the codes of the entries that are rejected. */
    readonly items: readonly unknown[];
    /** The code of the error that ends the run. */
    readonly error?: string;
    readonly warns?: readonly string[];
  };
}

const delivered = (name: string, content: string | Buffer): readonly PackedFile[] => [
  { name, content: Buffer.from(content) },
];
const tarOf = (regex: string, mode = 'r'): InvenioChain['readers'][number] => ({ type: 'tar', args: { regex, mode } });
const RECORDS = '{"id":1}\n{"id":2}\n';
const CONCEPT =
  '<http://example.org/1> a <http://www.w3.org/2004/02/skos/core#Concept> ;\n  <http://www.w3.org/2004/02/skos/core#prefLabel> "one"@en .\n';

export const readingCases: readonly ReadingCase[] = [
  {
    name: 'a ROR dump of schema v1',
    files: delivered(
      'ror.json',
      JSON.stringify([
        { id: 'https://ror.org/04d836q62', name: 'TU Wien', country: { country_code: 'AT' }, external_ids: {} },
      ]),
    ),
    invenio: { opened: 'file', readers: [{ type: 'json' }], transformers: [{ type: 'ror-affiliations' }] },
    ours: { items: [], error: 'E_ROR_SCHEMA_V1' },
  },
  {
    name: 'a concept in Turtle',
    files: delivered('concepts.ttl', CONCEPT),
    invenio: { readers: [{ type: 'rdf' }] },
    ours: {
      items: [
        {
          id: 'http://example.org/1',
          types: ['http://www.w3.org/2004/02/skos/core#Concept'],
          prefLabel: [{ value: 'one', lang: 'en' }],
          ancestors: [],
        },
      ],
    },
  },
  {
    name: 'an outdated pattern',
    files: delivered('ror.zip', buildZip([{ name: 'v2.0-ror-data.json', content: '[{"id":1}]' }])),
    invenio: { opened: 'file', readers: [{ type: 'zip', args: { regex: '_schema_v2\\.json$' } }, { type: 'json' }] },
    ours: { items: [{ id: 1 }], warns: ['W_ZIP_OUTDATED_PATTERN'] },
  },
  {
    name: 'a pattern that matches nothing',
    files: delivered('input.zip', buildZip([{ name: 'data.json', content: '[{"id":1}]' }])),
    invenio: { opened: 'file', readers: [{ type: 'zip', args: { regex: '\\.xml$' } }, { type: 'json' }] },
    ours: { items: [], error: 'E_ARCHIVE_NO_MATCH' },
  },
  {
    name: 'text around elements, and a namespace',
    files: delivered('input.xml', '<record xmlns:own="http://example.org/"><note>before<b>in</b>after</note></record>'),
    invenio: { readers: [{ type: 'xml', args: { root_element: 'record' } }] },
    ours: { items: [{ note: { '#text': 'beforeafter', b: 'in' } }] },
  },
  {
    name: 'a processing instruction within XML',
    files: delivered('input.xml', '<record><a>1</a><?target data?></record>'),
    invenio: { readers: [{ type: 'xml', args: { root_element: 'record' } }] },
    ours: { items: [{ a: '1' }] },
  },
  {
    name: 'elements that HTML knows by name',
    files: delivered('input.xml', '<record><link>https://example.org</link><a>1</a></record>'),
    invenio: { readers: [{ type: 'xml', args: { root_element: 'record' } }] },
    ours: { items: [{ link: 'https://example.org', a: '1' }] },
  },
  {
    name: 'a gzip file that was unpacked on the way',
    files: delivered('input.jsonl.gz', RECORDS),
    invenio: { opened: 'file', readers: [{ type: 'gzip' }, { type: 'jsonl' }] },
    ours: { items: [{ id: 1 }, { id: 2 }], warns: ['W_GZIP_PLAIN'] },
  },
  {
    name: 'a plain tar with the mode of a packed one',
    files: delivered('input.tar', buildTar([{ name: 'a.jsonl', content: RECORDS }])),
    invenio: { opened: 'file', readers: [tarOf('\\.jsonl$', 'r|gz'), { type: 'jsonl' }] },
    ours: { items: [{ id: 1 }, { id: 2 }] },
  },
  {
    name: 'a tar without its end mark',
    files: delivered('input.tar', buildTar([{ name: 'a.jsonl', content: RECORDS }]).subarray(0, 1024)),
    invenio: { opened: 'file', readers: [tarOf('\\.jsonl$'), { type: 'jsonl' }] },
    ours: { items: [{ id: 1 }, { id: 2 }], error: 'E_TAR_TRUNCATED' },
  },
  {
    name: 'a member that leaves its archive',
    files: delivered('input.tar', buildTar([{ name: '../a.jsonl', content: RECORDS }])),
    invenio: { opened: 'file', readers: [tarOf('\\.jsonl$'), { type: 'jsonl' }] },
    ours: { items: [], error: 'E_ARCHIVE_ENTRY_NAME' },
  },
  {
    name: 'a companion file',
    files: delivered(
      'input.tar',
      buildTar([
        { name: '__MACOSX/._a.jsonl', content: '{"companion":true}\n' },
        { name: 'a.jsonl', content: RECORDS },
      ]),
    ),
    invenio: { opened: 'file', readers: [tarOf('\\.jsonl$'), { type: 'jsonl' }] },
    ours: { items: [{ id: 1 }, { id: 2 }] },
  },
  {
    name: 'a link in a tar',
    files: delivered(
      'input.tar',
      buildTar([
        { name: 'a.jsonl', content: RECORDS },
        { name: 'b.jsonl', type: '1', linkName: 'a.jsonl' },
      ]),
    ),
    invenio: { opened: 'file', readers: [tarOf('\\.jsonl$'), { type: 'jsonl' }] },
    ours: { items: [{ id: 1 }, { id: 2 }], warns: ['W_TAR_LINK'] },
  },
  {
    name: 'words, dates and numbers of YAML 1.1',
    files: delivered(
      'input.yaml',
      '- no: Norsk\n  answer: no\n  day: 2024-01-01\n  octal: 010\n  time: 1:30\n- id: 2\n',
    ),
    invenio: { opened: 'text', readers: [{ type: 'yaml' }] },
    ours: { items: [{ no: 'Norsk', answer: 'no', day: '2024-01-01', octal: '010', time: '1:30' }, { id: 2 }] },
  },
  {
    name: 'a YAML item with a key that stands twice',
    files: delivered('input.yaml', '- id: 1\n  id: 3\n- id: 2\n'),
    invenio: { opened: 'text', readers: [{ type: 'yaml' }] },
    ours: { items: ['E_RECORD_SYNTAX', { id: 2 }] },
  },
  {
    name: 'CSV rows that are too short and too long',
    files: delivered('input.csv', 'id,name\n1,one\n2\n3,three,more\n4,four\n'),
    invenio: { opened: 'text', readers: [{ type: 'csv' }] },
    ours: { items: [{ id: '1', name: 'one' }, 'E_RECORD_COLUMNS', 'E_RECORD_COLUMNS', { id: '4', name: 'four' }] },
  },
  {
    name: 'a broken line',
    files: delivered('input.jsonl', '{"id":1}\n{"id":\n{"id":3}\n'),
    invenio: { opened: 'text', readers: [{ type: 'jsonl' }] },
    ours: { items: [{ id: 1 }, 'E_RECORD_SYNTAX', { id: 3 }] },
  },
  {
    name: 'a packed file of lines',
    files: delivered('input.jsonl.gz', gzipSync(RECORDS)),
    invenio: { opened: 'file', readers: [{ type: 'gzip' }, { type: 'jsonl' }] },
    ours: { items: [{ id: 1 }, { id: 2 }] },
  },
];

export function casesDigest(): string {
  const hash = createHash('sha256');
  for (const { name, files, invenio } of readingCases) hash.update(`${name}\n${digestOf(files, invenio)}\n`);
  return hash.digest('hex');
}
