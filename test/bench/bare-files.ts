/**
 * The limits of the readers of tables: `bare-files.ts parquet|xlsx IN OUT` makes the records of the road `files` with as
 * little code as possible, checks nothing, and writes them as lines. Prints what it took.
 */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { openPromise } from 'yauzl';
import { readPeakMegabytes } from './measure.ts';

type Row = Readonly<Record<string, unknown>>;

async function* parquetRows(path: string): AsyncGenerator<Row> {
  const file = await asyncBufferFromFile(path);
  for (const row of await parquetReadObjects({ file, compressors })) yield row;
}

/** Knows the workbooks of grow-files.ts and no others. */
async function* xlsxRows(path: string): AsyncGenerator<Row> {
  const shared: string[] = [];
  for await (const [, text = ''] of matches(await member(path, 'xl/sharedStrings.xml'), /<t>([^<]*)<\/t>/g)) {
    shared.push(text.replaceAll('&lt;', '<').replaceAll('&quot;', '"').replaceAll('&amp;', '&'));
  }
  let names: ReadonlyMap<string, string> | undefined;
  for await (const [, cells = ''] of matches(
    await member(path, 'xl/worksheets/sheet1.xml'),
    /<row [^>]*>(.*?)<\/row>/g,
  )) {
    const values = [...cells.matchAll(/<c r="([A-Z]+)\d+"( t="s")?[^>]*><v>([^<]*)<\/v><\/c>/g)].map(
      ([, column = '', isShared, value = '']) =>
        [column, isShared === undefined ? value : (shared[Number(value)] ?? '')] as const,
    );
    if (names === undefined) names = new Map(values);
    else {
      const known = names;
      yield Object.fromEntries(values.map(([column, value]) => [known.get(column) ?? column, value]));
    }
  }
}

async function member(path: string, name: string): Promise<Readable> {
  const zip = await openPromise(path);
  for await (const entry of zip.eachEntry()) if (entry.fileName === name) return zip.openReadStreamPromise(entry);
  throw new Error(`no ${name} in ${path}`);
}

async function* matches(stream: Readable, pattern: RegExp): AsyncGenerator<RegExpMatchArray> {
  let rest = '';
  for await (const chunk of stream.setEncoding('utf8') as AsyncIterable<string>) {
    rest += chunk;
    let end = 0;
    for (const match of rest.matchAll(pattern)) {
      end = match.index + match[0].length;
      yield match;
    }
    rest = rest.slice(end);
  }
}

const [mode = '', path = '', out = ''] = process.argv.slice(2);
const started = performance.now();
const file = createWriteStream(out);
let records = 0;
let lines = '';
for await (const { name, ...row } of mode === 'parquet' ? parquetRows(path) : xlsxRows(path)) {
  lines += `${JSON.stringify({ ...row, title: { en: name } })}\n`;
  records++;
  if (lines.length < 1 << 18) continue;
  if (!file.write(lines)) await once(file, 'drain');
  lines = '';
}
file.end(lines);
await once(file, 'close');
const seconds = (performance.now() - started) / 1000;
console.log(JSON.stringify({ records, seconds, megabytes: readPeakMegabytes(process.pid) }));
