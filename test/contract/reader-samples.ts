/** A good file for each reader that reads bytes: several thousand records, or a few members that hold them. */
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { buildTar } from '../support/build-tar.ts';
import { buildXlsx, toRows } from '../support/build-xlsx.ts';
import { buildZip } from '../support/build-zip.ts';

export interface ReaderSample {
  readonly content: string | Buffer;
  /** Where the reader needs some; default none. */
  readonly args?: Readonly<Record<string, unknown>>;
  /** What a parser makes of it; default `sampleValues`. */
  readonly values?: readonly unknown[];
}

export const sampleValues = Array.from({ length: 5000 }, (_, i) => ({ i, text: 'some text '.repeat(20) }));

/** What each member of a container, or resource of a bundle, holds. */
export const memberText = JSON.stringify(sampleValues);
const memberNames = ['a.json', 'b.json', 'c.json'] as const;

const CONCEPT = 'http://www.w3.org/2004/02/skos/core#Concept';
const termIri = (i: number): string => `http://example.org/term/${String(i)}`;

const sparqlRows = sampleValues.map((_, i) => ({ row: { type: 'uri', value: termIri(i) } }));
const rdfSample = {
  content: sampleValues
    .map((_, i) => `<${termIri(i)}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <${CONCEPT}> .`)
    .join('\n'),
  values: sampleValues.map((_, i) => ({ id: termIri(i), types: [CONCEPT], ancestors: [] })),
};

const OAI = 'xmlns="http://www.openarchives.org/OAI/2.0/"';
const oaiRecord = (i: number, spaces: string): string =>
  `<record${spaces}><header><identifier>oai:${String(i)}</identifier><datestamp>2026-01-01</datestamp></header></record>`;

const oaiSample = {
  content: `<OAI-PMH ${OAI}><ListRecords>${sampleValues.map((_, i) => oaiRecord(i, '')).join('')}</ListRecords></OAI-PMH>`,
  args: { base_url: 'https://example.org/oai' },
  values: sampleValues.map((_, i) => ({
    record: oaiRecord(i, ` ${OAI}`),
    header: { identifier: `oai:${String(i)}`, datestamp: '2026-01-01', set_spec: [] },
  })),
};

const bundleSample = { content: buildTar(memberNames.map((name) => ({ name, content: memberText }))) };

/** By type. A reader without one fails in readers.test.ts. A record source has a sample of a file that it fetched. */
export const readerSamples: Readonly<Record<string, () => ReaderSample>> = {
  zip: () => ({ content: buildZip(memberNames.map((name) => ({ name, content: memberText }))) }),
  'orcid-data-sync': () => bundleSample,
  'orcid-http': () => ({ ...bundleSample, args: { id: '0000-0002-1825-0097' } }),
  tar: () => ({ content: buildTar(memberNames.map((name) => ({ name, content: memberText }))) }),
  gzip: () => ({ content: gzipSync(memberText) }),
  json: () => ({ content: JSON.stringify(sampleValues, null, 2) }),
  'http-api': () => ({
    content: JSON.stringify({ total: sampleValues.length, data: { items: sampleValues } }),
    args: { origin: 'https://example.org/api', items: '/data/items', paging: { type: 'none' } },
  }),
  sparql: () => ({
    content: JSON.stringify({ head: { vars: ['row'] }, results: { bindings: sparqlRows } }),
    args: { origin: 'https://example.org/sparql', query: 'SELECT ?row { ?row ?p ?o }' },
    values: sparqlRows,
  }),
  csv: () => ({
    content: ['i,text', ...sampleValues.map(({ i, text }) => `${String(i)},${text}`)].join('\n'),
    values: sampleValues.map(({ i, text }) => ({ i: String(i), text })),
  }),
  xlsx: () => ({
    content: buildXlsx({
      sheets: [{ name: 'Sheet1', rows: toRows([['i', 'text'], ...sampleValues.map(({ i, text }) => [i, text])]) }],
    }),
    values: sampleValues.map(({ i, text }) => ({ i: String(i), text })),
  }),
  parquet: () => ({
    content: Buffer.from(
      parquetWriteBuffer({
        columnData: [
          { name: 'i', data: sampleValues.map(({ i }) => i), type: 'INT32' },
          { name: 'text', data: sampleValues.map(({ text }) => text), type: 'STRING' },
        ],
      }),
    ),
  }),
  yaml: () => ({ content: sampleValues.map(({ i, text }) => `- i: ${String(i)}\n  text: "${text}"\n`).join('') }),
  rdf: () => ({ content: rdfSample.content, values: rdfSample.values }),
  jsonl: () => ({ content: sampleValues.map((value) => JSON.stringify(value)).join('\n') }),
  'oai-pmh': () => oaiSample,
  xml: () => ({
    content: `<list>${sampleValues.map(({ i, text }) => `<item><i>${String(i)}</i><text>${text}</text></item>`).join('\n')}</list>`,
    args: { root_element: 'item' },
    values: sampleValues.map(({ i, text }) => ({ i: String(i), text: text.trim() })),
  }),
};
