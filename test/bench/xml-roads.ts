/**
 * Our own fast XML parser and fast-xml-parser on the same records, in processor time: ORCID records, whole and with what
 * the transformer `orcid` reads, and a record as OAI-PMH gives it. Decision 14 rests on the ratios.
 * Usage: npx tsx test/bench/xml-roads.ts
 */
import { tar } from '../../readers/tar.ts';
import { parseXmlFast } from '../../src/formats/xml/fast-parser.ts';
import { wantedOf, type WantedElements } from '../../src/formats/xml/object.ts';
import { createXmlScan, viewBytes } from '../../src/formats/xml/scan.ts';
import { parseXmlStrictly } from '../../src/formats/xml/strict-parser.ts';
import { orcid } from '../../transformers/orcid.ts';
import { asContainer, contentOf, pathResource, singly, testContext } from '../support/read-resource.ts';
import { sharedData } from '../support/shared-data.ts';
import { median } from './measure.ts';

const MOST_RECORDS = 421;
const ROUNDS = 5;
const scan = createXmlScan({ maxDepth: 256, maxAttributes: 500, maxElements: 500_000 });

/** Undefined where the fast parser declines. */
function readFast(bytes: Buffer, wanted?: WantedElements): { readonly end: number } | undefined {
  viewBytes(scan, bytes);
  scan.at = 0;
  parseXmlFast(scan, wanted);
  return scan.stop === 'no' ? { end: scan.at } : undefined;
}

async function orcidRecords(): Promise<Buffer[]> {
  const records: Buffer[] = [];
  const args = tar.args.parse({ regex: '\\.xml$' });
  for (const name of ['orcid_summaries_sample.tar.gz', 'orcid_summaries_names_derived.tar.gz']) {
    const path = sharedData('orcid', name);
    if (path === undefined) throw new Error('the shared data is missing');
    for await (const { resource } of singly(asContainer(tar).read(pathResource(path), args, testContext()))) {
      if (records.length >= MOST_RECORDS) return records;
      const content = await contentOf(resource);
      const record = content.subarray(Math.max(0, content.indexOf('<record:record')));
      const read = readFast(record);
      if (read !== undefined) records.push(record.subarray(0, read.end));
    }
  }
  return records;
}

function oaiRecord(): Buffer {
  const subjects = Array.from(
    { length: 14 },
    (_, i) => `<dc:subject xml:lang="en">A &amp; B ${String(i)}</dc:subject>\n`,
  );
  const text = 'Lorem ipsum dolor sit amet '.repeat(40);
  return Buffer.from(
    `<oai_dc:dc xmlns:oai_dc="u" xmlns:dc="v">${subjects.join('')}<dc:description>${text}</dc:description></oai_dc:dc>`,
  );
}

/** Records per second of processor time. */
function rate(records: readonly Buffer[], read: (record: Buffer) => unknown): number {
  const rounds = Array.from({ length: ROUNDS + 1 }, () => {
    const before = process.cpuUsage();
    for (const record of records) read(record);
    return process.cpuUsage(before).user / 1e6;
  });
  return records.length / median(rounds.slice(1));
}

function compare(name: string, records: readonly Buffer[], wanted?: WantedElements): void {
  const fast = rate(records, (record) => readFast(record, wanted));
  const strict = rate(records, (record) => parseXmlStrictly(record.toString('latin1'), wanted));
  const [ours, theirs] = [fast, strict].map((value) => Math.round(value).toLocaleString('en'));
  console.log(
    `${name.padEnd(24)} ratio ${(fast / strict).toFixed(1)}: ${String(ours)} and ${String(theirs)} records/s`,
  );
}

const records = await orcidRecords();
compare('ORCID, whole', records);
compare('ORCID, wanted elements', records, wantedOf(orcid.reads).elements);
compare('OAI-PMH, oai_dc', Array.from({ length: 2000 }, oaiRecord));
