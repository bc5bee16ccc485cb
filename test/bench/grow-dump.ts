/** Makes a larger dump out of a real one: the same records again under other valid-looking ROR ids, until there are enough. */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { PassThrough } from 'node:stream';
import { spawn } from 'node:child_process';
import { ZipFile } from 'yazl';

export interface GrowOptions {
  /** A ROR dump: a zip with a member that ends in `-ror-data.json`. */
  readonly dump: string;
  readonly records: number;
  readonly out: string;
}

const RECORD_START = '\n    {\n';
const RECORD_END = '\n    }';
const ID = /"id": "https:\/\/ror\.org\/(0[a-z0-9]{8})",\n {8}"links"/;
/** Crockford's alphabet, as ROR uses it. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Answers the bytes of the JSON inside. Relations keep pointing at the original records. */
export async function growDump(options: GrowOptions): Promise<number> {
  const records = await readRecords(options.dump);
  const zip = new ZipFile();
  const json = new PassThrough();
  zip.addReadStream(json, `v9.9-2026-12-31-ror-data.json`, { compress: true, compressionLevel: 6 });
  zip.end();
  const file = createWriteStream(options.out);
  zip.outputStream.pipe(file);
  let bytes = 0;
  const write = async (text: string): Promise<void> => {
    bytes += text.length;
    if (!json.write(text)) await once(json, 'drain');
  };
  await write('[');
  for (let i = 0; i < options.records; i++) {
    const record = records[i % records.length] ?? '';
    const copy =
      i < records.length ? record : record.replace(ID, `"id": "https://ror.org/${makeId(i)}",\n        "links"`);
    await write(`${i === 0 ? '' : ','}\n    ${copy}`);
  }
  await write('\n]');
  json.end();
  await finished(file);
  return bytes;
}

/** The texts of all records, each from `{` to `}` at the indentation of the dump. */
async function readRecords(dump: string): Promise<readonly string[]> {
  const text = await unzipMember(dump);
  const records: string[] = [];
  let start = text.indexOf(RECORD_START);
  while (start >= 0) {
    const end = text.indexOf(RECORD_END, start);
    records.push(text.slice(start + 5, end + RECORD_END.length));
    start = text.indexOf(RECORD_START, end);
  }
  if (records.length === 0) throw new Error(`${dump} holds no records in the layout of a ROR dump`);
  return records;
}

async function unzipMember(dump: string): Promise<string> {
  const child = spawn('unzip', ['-p', dump, '*-ror-data.json'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** `09` and six digits to base 32 and two that stand for the checksum: not in the real registry's range, all different. */
function makeId(n: number): string {
  let rest = n;
  let body = '';
  for (let i = 0; i < 5; i++) {
    body = `${ALPHABET[rest % 32] ?? '0'}${body}`;
    rest = Math.floor(rest / 32);
  }
  return `09${body}${String(n % 100).padStart(2, '0')}`;
}
