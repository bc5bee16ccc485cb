/**
 * Writes test/fixtures/{zip,gzip,json,jsonl}: `npx vite-node test/support/make-format-fixtures.ts`. The files are
 * committed; a bad one is named by the code of the error that it must give, then by what is wrong with it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { buildZip } from './build-zip.ts';
import { fixtureRecords } from './format-fixtures.ts';

const records = fixtureRecords;
const pretty = JSON.stringify(records, null, 4);
const compact = JSON.stringify(records);
const lines = records.map((record) => JSON.stringify(record));
const html =
  '<!DOCTYPE html>\n<html><head><title>503 Service Unavailable</title></head><body>Try later</body></html>\n';

const good = { name: 'records.json', content: pretty };
const goodZip = buildZip([good]);
const goodGzip = gzipSync(pretty);
const ones = '1'.repeat(17 * 1024 * 1024);

const files: Record<string, string | Buffer> = {
  'zip/ok/deflated.zip': goodZip,
  'zip/ok/stored.zip': buildZip([{ ...good, method: 0 }]),
  'zip/ok/zip64.zip': buildZip([good], { zip64Count: 1 }),
  'zip/bad/E_ZIP_NO_CENTRAL_DIRECTORY.html-page.zip': html,
  'zip/bad/E_ZIP_NO_CENTRAL_DIRECTORY.empty.zip': '',
  'zip/bad/E_ZIP_NO_CENTRAL_DIRECTORY.json.zip': pretty,
  'zip/bad/E_ZIP_NO_CENTRAL_DIRECTORY.gzip.zip': goodGzip,
  'zip/bad/E_ZIP_NO_CENTRAL_DIRECTORY.truncated.zip': goodZip.subarray(0, goodZip.length - 30),
  'zip/bad/E_ZIP_CORRUPT.declares-too-few-bytes.zip': buildZip([{ ...good, claimed: { bytes: 100 } }]),
  'zip/bad/E_ZIP_CORRUPT.declares-too-many-bytes.zip': buildZip([{ ...good, claimed: { bytes: 100_000 } }]),
  'zip/bad/E_ZIP_CORRUPT.wrong-checksum.zip': buildZip([{ ...good, claimed: { crc32: 1 } }]),
  'zip/bad/E_ZIP_CORRUPT.stored-sizes-differ.zip': buildZip([{ ...good, method: 0, claimed: { packedBytes: 100 } }]),
  'zip/bad/E_ZIP_CORRUPT.first-half-missing.zip': goodZip.subarray(100),
  'zip/bad/E_ZIP_CORRUPT.overlapping-members.zip': buildZip([
    good,
    { ...good, name: 'b.json', claimed: { headerOffset: 0 } },
  ]),
  'zip/bad/E_ZIP_CORRUPT.not-deflate.zip': buildZip([{ ...good, method: 0, claimed: { method: 8 } }]),
  'zip/bad/E_ZIP_UNSUPPORTED.encrypted.zip': buildZip([{ ...good, claimed: { flags: 0x801 } }]),
  'zip/bad/E_ZIP_UNSUPPORTED.bzip2.zip': buildZip([{ ...good, claimed: { method: 12 } }]),
  'zip/bad/E_ARCHIVE_ENTRY_NAME.parent.zip': buildZip([good, { ...good, name: 'a/../../etc/cron.d/x' }]),
  'zip/bad/E_ARCHIVE_ENTRY_NAME.absolute.zip': buildZip([{ ...good, name: '/etc/passwd' }]),
  'zip/bad/E_ARCHIVE_ENTRY_NAME.drive.zip': buildZip([{ ...good, name: 'C:/x.json' }]),
  'zip/bad/E_ARCHIVE_ENTRY_NAME.backslash.zip': buildZip([{ ...good, name: '..\\x.json' }]),
  'zip/bad/E_ARCHIVE_ENTRY_NAME.nul.zip': buildZip([{ ...good, name: 'x.json\0.txt' }]),
  'zip/bad/E_ARCHIVE_RATIO.bomb.zip': buildZip([{ name: 'bomb.json', content: ones }]),
  'zip/bad/E_ARCHIVE_SIZE.declares-a-terabyte.zip': buildZip([{ ...good, claimed: { bytes: 0xfffffffe } }]),
  'zip/bad/E_ARCHIVE_ENTRIES.declares-a-million.zip': buildZip([good], { zip64Count: 1_000_000 }),
  'gzip/ok/one-member.json.gz': goodGzip,
  'gzip/ok/members.json.gz': Buffer.concat([pretty.slice(0, 50), pretty.slice(50)].map((part) => gzipSync(part))),
  'gzip/ok/zero-padded.json.gz': Buffer.concat([goodGzip, Buffer.alloc(1000)]),
  'gzip/bad/E_GZIP_CORRUPT.empty.gz': '',
  'gzip/bad/E_GZIP_CORRUPT.html-page.gz': html,
  'gzip/bad/E_GZIP_CORRUPT.truncated.gz': goodGzip.subarray(0, -20),
  'gzip/bad/E_GZIP_CORRUPT.trailer-missing.gz': goodGzip.subarray(0, -8),
  'gzip/bad/E_GZIP_CORRUPT.trailing-text.gz': Buffer.concat([goodGzip, Buffer.from('trailing')]),
  'gzip/bad/E_GZIP_CORRUPT.member-behind-padding.gz': Buffer.concat([goodGzip, Buffer.alloc(9), goodGzip]),
  'gzip/bad/E_GZIP_CORRUPT.second-member-truncated.gz': Buffer.concat([goodGzip, goodGzip.subarray(0, 30)]),
  'gzip/bad/E_GZIP_CORRUPT.wrong-checksum.gz': Buffer.concat([goodGzip.subarray(0, -8), Buffer.alloc(8, 1)]),
  'gzip/bad/E_ARCHIVE_RATIO.bomb.gz': gzipSync(ones, { level: 9 }),
  'json/ok/pretty.json': pretty,
  'json/ok/compact.json': compact,
  'json/ok/two-spaces.json': JSON.stringify(records, null, 2),
  'json/ok/no-indentation.json': JSON.stringify(records, null, 1).replaceAll(/\n +/g, '\n'),
  'json/ok/line-each.json': `[\n${lines.join(',\n')}\n]\n`,
  'json/ok/comma-first.json': `[\n  ${lines.join('\n, ')}\n]`,
  'json/ok/windows.json': pretty.replaceAll('\n', '\r\n'),
  'json/ok/tabs.json': JSON.stringify(records, null, '\t'),
  'json/ok/byte-order-mark.json': `\ufeff${pretty}\n`,
  'json/ok/spread.json': `\n [ ${lines.join(' \n\n , \t')} \n ] \n`,
  'json/ok/braces-on-one-line.json': JSON.stringify(records, null, 2)
    .replaceAll(/\n {2}\{/g, '{')
    .replaceAll(/\n {2}\}/g, '}'),
  'json/bad/E_JSON_NOT_JSON.html-page.json': html,
  'json/bad/E_JSON_NOT_JSON.empty.json': '',
  'json/bad/E_JSON_NOT_JSON.white-space.json': ' \n',
  'json/bad/E_JSON_NOT_JSON.number.json': '42',
  'json/bad/E_JSON_NOT_JSON.csv.json': 'id,name\n1,x\n',
  'json/bad/E_JSON_NOT_JSON.utf-16.json': Buffer.from(`\ufeff${pretty}`, 'utf16le'),
  'json/bad/E_JSON_NOT_JSON.utf-16-without-mark.json': Buffer.from(pretty, 'utf16le').swap16(),
  'json/bad/E_JSON_NOT_JSON.gzip.json': goodGzip,
  'json/bad/E_JSON_TRUNCATED.inside-a-record.json': pretty.slice(0, 200),
  'json/bad/E_JSON_TRUNCATED.behind-a-record.json': pretty.slice(0, pretty.indexOf('},') + 1),
  'json/bad/E_JSON_TRUNCATED.behind-a-comma.json': pretty.slice(0, pretty.indexOf('},') + 2),
  'json/bad/E_JSON_TRUNCATED.without-the-bracket.json': pretty.slice(0, -1),
  'json/bad/E_JSON_TRUNCATED.inside-an-object.json': '{"a": {"b": 1}',
  'json/bad/E_JSON_STRUCTURE.trailing-text.json': `${pretty}\nEOF`,
  'json/bad/E_JSON_STRUCTURE.two-arrays.json': `${compact}${compact}`,
  'json/bad/E_JSON_STRUCTURE.json-lines.json': `${lines.join('\n')}\n`,
  'json/bad/E_JSON_STRUCTURE.broken-object.json': '{"a": 1, b: 2}',
  'json/bad/E_JSON_STRUCTURE.first-quote-missing.json': '[{"a:1},{"b":2}]',
  'json/bad/E_RECORD_SYNTAX.one-record.json': pretty.replace('"since": 1954', '"since": 19-54'),
  'json/bad/E_RECORD_SYNTAX.quote-missing.json': pretty.replace('Nucléaire"', 'Nucléaire'),
  'json/bad/E_RECORD_SYNTAX.brace-missing.json': pretty.replace('    },\n    {', '    ,\n    {'),
  'json/bad/E_RECORD_SYNTAX.not-utf-8.json': Buffer.from(pretty.replaceAll('日本語', ''), 'latin1'),
  'json/bad/E_RECORD_TOO_DEEP.brackets.json': `[${'['.repeat(2000)}${']'.repeat(2000)}, {"id": 1}]`,
  'jsonl/ok/plain.jsonl': `${lines.join('\n')}\n`,
  'jsonl/ok/no-last-newline.jsonl': lines.join('\n'),
  'jsonl/ok/windows.jsonl': `${lines.join('\r\n')}\r\n`,
  'jsonl/ok/blank-lines.jsonl': `\n\n${lines.join('\n \n')}\n\n`,
  'jsonl/ok/byte-order-mark.jsonl': `\ufeff${lines.join('\n')}`,
  'jsonl/ok/array-lines.jsonl': `[]\n[${lines.slice(0, 2).join(', ')}]\n${String(lines[2])}\n`,
  'jsonl/bad/E_JSON_NOT_JSON.html-page.jsonl': html,
  'jsonl/bad/E_JSON_NOT_JSON.utf-16.jsonl': Buffer.from(lines.join('\n'), 'utf16le'),
  'jsonl/bad/E_JSON_NOT_JSON.pretty.jsonl': pretty,
  'jsonl/bad/E_JSON_NOT_JSON.zip.jsonl': goodZip,
  'jsonl/bad/E_JSON_TRUNCATED.inside-a-line.jsonl': lines.join('\n').slice(0, -10),
  'jsonl/bad/E_RECORD_SYNTAX.one-line.jsonl': [lines[0], '{"id": 1,}', lines[1]].join('\n'),
  'jsonl/bad/E_RECORD_SYNTAX.last-line.jsonl': [...lines, '{"id": 1,}'].join('\n'),
  'jsonl/bad/E_RECORD_TOO_DEEP.brackets.jsonl': `${lines.join('\n')}\n${'['.repeat(2000)}${']'.repeat(2000)}\n`,
};

for (const [name, content] of Object.entries(files)) {
  const path = fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
