/**
 * Makes a public data file of ORCID of any size out of a small one: the records again and again under iDs of their own,
 * in one packed tar as ORCID has it.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { TAR_END, tarMember } from '../../src/formats/tar/write.ts';

interface GrowOptions {
  /** A small `*_summaries.tar.gz`. */
  readonly from: string;
  readonly records: number;
  readonly out: string;
}

interface Document {
  readonly id: string;
  readonly text: string;
}

/** Answers the bytes of all documents. */
export async function growOrcid({ from, records, out }: GrowOptions): Promise<number> {
  const documents = await readDocuments(from);
  const gzip = createGzip({ level: 1, chunkSize: 1 << 18 });
  const file = createWriteStream(out);
  gzip.pipe(file);
  let bytes = 0;
  for (let i = 0; i < records; i++) {
    const document = documents[i % documents.length];
    if (document === undefined) throw new Error(`no documents in ${from}`);
    const id = toOrcid(i);
    const content = Buffer.from(document.text.replaceAll(document.id, id));
    bytes += content.length;
    if (!gzip.write(tarMember(`summaries/${id.slice(-3)}/${id}.xml`, content))) await once(gzip, 'drain');
  }
  gzip.end(TAR_END);
  await finished(file);
  return bytes;
}

async function readDocuments(from: string): Promise<readonly Document[]> {
  const entries = createReadStream(from).pipe(createGunzip()).pipe(extract());
  const documents: Document[] = [];
  for await (const entry of entries) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const id = /(\d{4}-\d{4}-\d{4}-\d{3}[\dX])\.xml$/.exec(entry.header.name)?.[1];
    if (id !== undefined) documents.push({ id, text: Buffer.concat(chunks).toString('utf8') });
  }
  return documents;
}

/** The iDs from 0000-0001-5000-0000 on, with their check digits (ISO 7064 mod 11-2). */
function toOrcid(i: number): string {
  const digits = String(15_000_000_0 + i).padStart(15, '0');
  let total = 0;
  for (const digit of digits) total = (total + Number(digit)) * 2;
  const check = (12 - (total % 11)) % 11;
  const all = digits + (check === 10 ? 'X' : String(check));
  return all.replace(/^(.{4})(.{4})(.{4})(.{4})$/, '$1-$2-$3-$4');
}
