/** Sources that are made to eat the memory or the time of a worker. Each is small on the disk or costs little to write. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildZip } from '../support/build-zip.ts';

export interface Payload {
  readonly name: string;
  /** What it attacks, in a few words. */
  readonly what: string;
  /** What a run of it may end with: an outcome, or the code of its error or of its rejections. */
  readonly ends: RegExp;
  /** Seconds are spent on it in the quick subset of the tests. */
  readonly isQuick?: true;
  /** Writes its files and answers the readers of the job, and transformers where it needs some. */
  readonly make: (directory: string) => PayloadJob;
}

interface PayloadJob {
  readonly readers: readonly Readonly<Record<string, unknown>>[];
  readonly transformers?: readonly Readonly<Record<string, unknown>>[];
}

/** One rejection, and the other record is published. */
const ONE_TOO_LARGE = /^partial E_RECORD_TOO_LARGE ×1$/;

function file(path: string, ...chain: readonly Readonly<Record<string, unknown>>[]): PayloadJob {
  return { readers: [{ type: 'file', args: { path } }, ...chain] };
}

/** Writes piece by piece, so that the harness itself stays small. */
function writePieces(path: string, pieces: Iterable<string | Buffer>): string {
  const handle = openSync(path, 'w');
  try {
    for (const piece of pieces) writeSync(handle, Buffer.from(piece));
  } finally {
    closeSync(handle);
  }
  return path;
}

function packed(path: string, text: string): string {
  return writePieces(path, [gzipSync(Buffer.from(text), { level: 9 })]);
}

function* times(count: number, piece: (i: number) => string): Generator<string> {
  let chunk = '';
  for (let i = 0; i < count; i += 1) {
    chunk += piece(i);
    if (chunk.length > 1 << 16) {
      yield chunk;
      chunk = '';
    }
  }
  yield chunk;
}

const jsonl = { type: 'jsonl' };
const yaml = { type: 'yaml' };
const gzip = { type: 'gzip' };
const csv = { type: 'csv' };
const rdf = { type: 'rdf' };
const xml = { type: 'xml', args: { root_element: 'r' } };

export const PAYLOADS: readonly Payload[] = [
  {
    name: 'fifo-table',
    what: 'a look-up table that is a FIFO',
    ends: /E_(TABLE_INVALID|FILE_NOT_FOUND)/,
    isQuick: true,
    make(directory) {
      const fifo = join(directory, 'table.csv');
      execFileSync('mkfifo', [fifo]);
      const path = writePieces(join(directory, 'fifo.jsonl'), ['{"id":"a"}\n']);
      const args = { fields: { '/id': { from: '/id', table_file: fifo } } };
      return { ...file(path, jsonl), transformers: [{ type: 'map', args }] };
    },
  },
  {
    name: 'yaml-blanks',
    what: '8 million blank lines in one item of a YAML list',
    ends: ONE_TOO_LARGE,
    make: (directory) =>
      file(
        writePieces(join(directory, 'blank.yaml'), ['- id: a\n', ...times(8_000_000, () => '\n'), '- id: ok\n']),
        yaml,
      ),
  },
  {
    name: 'yaml-aliases',
    what: 'a text of 15 MB that 99 aliases repeat',
    ends: ONE_TOO_LARGE,
    make: (directory) =>
      file(
        writePieces(join(directory, 'alias.yaml'), [
          '- id: big\n  a: &a ',
          ...times(15, () => 'x'.repeat(1_000_000)),
          '\n  l: [',
          Array.from({ length: 99 }, () => '*a').join(','),
          ']\n- id: ok\n',
        ]),
        yaml,
      ),
  },
  {
    name: 'yaml-laughs',
    what: 'merge keys and aliases that double nine times, ten at a time',
    ends: /^partial E_RECORD_(SYNTAX|TOO_LARGE) ×1$/,
    isQuick: true,
    make: (directory) =>
      file(
        writePieces(join(directory, 'laughs.yaml'), [
          '- id: big\n  l0: &l0 {a: "lol", b: "lol"}\n',
          ...Array.from({ length: 9 }, (_, i) => {
            const list = Array.from({ length: 10 }, () => `*l${String(i)}`).join(',');
            return `  l${String(i + 1)}: &l${String(i + 1)} [${list}]\n`;
          }),
          '  m: {<<: *l0}\n- id: ok\n',
        ]),
        yaml,
      ),
  },
  {
    name: 'json-arrays',
    what: 'a record of 16 MB of empty arrays',
    ends: ONE_TOO_LARGE,
    make: (directory) =>
      file(
        writePieces(join(directory, 'arrays.jsonl'), [
          '{"id":"big","a":[',
          ...times(5_200_000, () => '[],'),
          '0]}\n{"id":"ok"}\n',
        ]),
        jsonl,
      ),
  },
  {
    name: 'json-deep',
    what: 'a record of 5 million nested arrays',
    ends: /^partial E_RECORD_TOO_DEEP ×1$/,
    make: (directory) =>
      file(
        writePieces(join(directory, 'deep.json'), [
          '[{"id":"deep","a":',
          ...times(5_000_000, () => '['),
          ...times(5_000_000, () => ']'),
          '},{"id":"ok"}]',
        ]),
        { type: 'json' },
      ),
  },
  {
    name: 'jsonl-backslashes',
    what: 'one line of 200 MB of backslashes',
    ends: ONE_TOO_LARGE,
    make: (directory) =>
      file(
        writePieces(join(directory, 'back.jsonl'), [
          '{"id":"',
          ...times(200, () => '\\'.repeat(1_000_000)),
          '"}\n{"id":"ok"}\n',
        ]),
        jsonl,
      ),
  },
  {
    name: 'zeros',
    what: 'a million lines that are no records, in 2 KB of gzip',
    ends: /E_TOO_MANY_REJECTED/,
    make: (directory) => file(packed(join(directory, 'zeros.jsonl.gz'), '0\n'.repeat(1_000_000)), gzip, jsonl),
  },
  {
    name: 'gzip-of-gzip',
    what: 'four GB of zeros, packed twice',
    ends: /E_ARCHIVE_RATIO/,
    isQuick: true,
    make(directory) {
      const member = gzipSync(Buffer.alloc(64 << 20), { level: 9 });
      const path = join(directory, 'twice.gz');
      writeFileSync(path, gzipSync(Buffer.concat(Array.from({ length: 64 }, () => member)), { level: 9 }));
      return file(path, { type: 'gzip' }, { type: 'gzip' }, jsonl);
    },
  },
  {
    name: 'csv-wide',
    what: '400,000 columns in 60 rows',
    ends: /E_CSV_STRUCTURE/,
    make: (directory) =>
      file(
        writePieces(join(directory, 'wide.csv'), [
          'id',
          ...times(400_000, (i) => `,c${String(i)}`),
          '\n',
          ...Array.from({ length: 60 }, (_, i) => `r${String(i)}${',x'.repeat(400_000)}\n`),
        ]),
        csv,
      ),
  },
  {
    name: 'csv-quotes',
    what: '600,000 quotes, each of which ends a line',
    ends: /^success$/,
    isQuick: true,
    make: (directory) =>
      file(writePieces(join(directory, 'quotes.csv'), ['id,a\n', ...times(600_000, (i) => `r${String(i)},"\n`)]), csv),
  },
  {
    name: 'xml-namespaces',
    what: 'an element with a million namespaces',
    ends: /^partial E_RECORD/,
    make: (directory) =>
      file(
        writePieces(join(directory, 'ns.xml'), [
          '<l><r',
          ...times(1_000_000, (i) => ` xmlns:n${String(i)}="u"`),
          '><id>a</id></r><r><id>ok</id></r></l>',
        ]),
        xml,
      ),
  },
  {
    name: 'xml-elements',
    what: 'a record of 16 MB of empty elements',
    ends: ONE_TOO_LARGE,
    make: (directory) =>
      file(
        writePieces(join(directory, 'els.xml'), [
          '<l><r><id>a</id>',
          ...times(3_900_000, () => '<a/>'),
          '</r><r><id>ok</id></r></l>',
        ]),
        xml,
      ),
  },
  {
    name: 'xml-entities',
    what: 'a record of 16 MB of character references',
    ends: /^success$/,
    make: (directory) =>
      file(
        writePieces(join(directory, 'ent.xml'), [
          '<l><r><id>a</id><a>',
          ...times(3_300_000, () => '&lt;'),
          '</a></r><r><id>ok</id></r></l>',
        ]),
        xml,
      ),
  },
  {
    name: 'rdf-amplify',
    what: 'a label of 1 MB that 3,000 narrower concepts repeat as an ancestor',
    ends: /^success$/,
    make: (directory) => file(writePieces(join(directory, 'amp.nt'), amplified()), rdf),
  },
  {
    name: 'rdf-cycle',
    what: '200,000 concepts in a circle',
    ends: /E_STEP_MEMORY|E_RDF_TOO_LARGE/,
    make: (directory) => file(writePieces(join(directory, 'cycle.nt'), circle(200_000)), rdf),
  },
  {
    name: 'rdf-token',
    what: 'a syntax error of 300 KB without a blank in it',
    ends: /E_RDF_SYNTAX/,
    isQuick: true,
    make: (directory) =>
      file(writePieces(join(directory, 'bad.ttl'), ['<http://e/a> <http://e/b> ', 'a-'.repeat(150_000), ' .\n']), rdf),
  },
  {
    name: 'zip-names',
    what: '8,000 members with names of 65 KB',
    ends: /E_ARCHIVE_ENTRIES/,
    make(directory) {
      const path = join(directory, 'names.zip');
      const parts = Array.from({ length: 8_000 }, (_, i) => ({
        name: `${'n'.repeat(65_000)}${String(i)}.jsonl`,
        content: `{"id":"r${String(i)}"}\n`,
      }));
      writeFileSync(path, buildZip(parts));
      return file(path, { type: 'zip' }, jsonl);
    },
  },
  {
    name: 'zip-no-match',
    what: 'an expression that matches none of 20 names of 65 KB',
    ends: /E_ARCHIVE_NO_MATCH/,
    isQuick: true,
    make(directory) {
      const path = join(directory, 'nomatch.zip');
      const parts = Array.from({ length: 20 }, (_, i) => ({ name: 'n'.repeat(65_000) + String(i), content: 'x' }));
      writeFileSync(path, buildZip(parts));
      return file(path, { type: 'zip', args: { regex: '\\.jsonl$' } }, jsonl);
    },
  },
  {
    name: 'json-nested-document',
    what: 'a document of 10 MB that is nested lists alone',
    ends: /E_JSON|E_RECORD/,
    make: (directory) =>
      file(
        writePieces(join(directory, 'nested.json'), [...times(5_000_000, () => '['), ...times(5_000_000, () => ']')]),
        { type: 'json' },
      ),
  },
  {
    name: 'json-names',
    what: 'a record of 900,000 names',
    ends: ONE_TOO_LARGE,
    make: (directory) =>
      file(
        writePieces(join(directory, 'names.jsonl'), [
          '{"id":"big"',
          ...times(900_000, (i) => `,"n${i.toString(36)}":1`),
          '}\n{"id":"ok"}\n',
        ]),
        jsonl,
      ),
  },
  {
    name: 'json-numbers',
    what: 'a record of 16 MB of numbers of one digit',
    ends: ONE_TOO_LARGE,
    make: (directory) =>
      file(
        writePieces(join(directory, 'numbers.jsonl'), [
          '{"id":"big","a":[',
          ...times(7_800_000, () => '1,'),
          '0]}\n{"id":"ok"}\n',
        ]),
        jsonl,
      ),
  },
  {
    name: 'gzip-below-ratio',
    what: '16 KB of gzip with 8 million lines, too small for the limit on the ratio',
    ends: /E_TOO_MANY_REJECTED/,
    make: (directory) => file(packed(join(directory, 'below.jsonl.gz'), '0\n'.repeat(8_300_000)), gzip, jsonl),
  },
  {
    name: 'gzip-same-record',
    what: '16 KB of gzip with 1.5 million copies of one record',
    ends: /^success$/,
    make: (directory) => file(packed(join(directory, 'same.jsonl.gz'), '{"id":"a"}\n'.repeat(1_500_000)), gzip, jsonl),
  },
  {
    name: 'gzip-yaml-dashes',
    what: '16 KB of gzip with 8 million empty items of a YAML list',
    ends: /E_TOO_MANY_REJECTED/,
    make: (directory) => file(packed(join(directory, 'dashes.yaml.gz'), '-\n'.repeat(8_300_000)), gzip, yaml),
  },
  {
    name: 'csv-wide-allowed',
    what: '199,999 columns in 60 rows, just below the bound',
    ends: /^success$/,
    make: (directory) =>
      file(
        writePieces(join(directory, 'allowed.csv'), [
          'id',
          ...times(199_998, (i) => `,c${String(i)}`),
          '\n',
          ...Array.from({ length: 60 }, (_, i) => `r${String(i)}${',x'.repeat(199_998)}\n`),
        ]),
        csv,
      ),
  },
  {
    name: 'xml-texts',
    what: 'a record of 16 MB of short elements with text and an attribute',
    ends: ONE_TOO_LARGE,
    make: (directory) =>
      file(
        writePieces(join(directory, 'texts.xml'), [
          '<l><r><id>a</id>',
          ...times(1_100_000, () => '<a b="c">d</a>'),
          '</r><r><id>ok</id></r></l>',
        ]),
        xml,
      ),
  },
  {
    name: 'xml-elements-allowed',
    what: 'a record of 490,000 elements, just below the bound',
    ends: /^success$/,
    make: (directory) =>
      file(
        writePieces(join(directory, 'allowed.xml'), [
          '<l><r><id>a</id>',
          ...times(490_000, () => '<a b="c">d</a>'),
          '</r><r><id>ok</id></r></l>',
        ]),
        xml,
      ),
  },
  {
    name: 'xml-elements-commented',
    what: 'the same with a comment, so that fast-xml-parser reads it',
    ends: /^success$/,
    make: (directory) =>
      file(
        writePieces(join(directory, 'commented.xml'), [
          '<l><r><!-- --><id>a</id>',
          ...times(490_000, () => '<a b="c">d</a>'),
          '</r><r><id>ok</id></r></l>',
        ]),
        xml,
      ),
  },
  {
    name: 'zip-overlap',
    what: 'two members that share their bytes, one with a name of 65 KB',
    ends: /E_ZIP_CORRUPT/,
    isQuick: true,
    make(directory) {
      const path = join(directory, 'overlap.zip');
      const content = '{"id":"ok"}\n';
      const long = { name: 'n'.repeat(65_000), content, claimed: { headerOffset: 0 } };
      writeFileSync(path, buildZip([{ name: 'a', content }, long]));
      return file(path, { type: 'zip' }, jsonl);
    },
  },
  {
    name: 'plug-in-stuck',
    what: 'a regular expression of a plug-in that takes for ever',
    ends: /E_STEP_STUCK/,
    make: (directory) => ({
      ...file(writePieces(join(directory, 'stuck.jsonl'), ['{"id":"a"}\n']), jsonl),
      transformers: [{ type: 'adversary-stuck' }],
    }),
  },
  {
    name: 'plug-in-heap',
    what: 'a plug-in that fills the heap',
    ends: /E_STEP_MEMORY/,
    isQuick: true,
    make: (directory) => ({
      ...file(writePieces(join(directory, 'heap.jsonl'), ['{"id":"a"}\n']), jsonl),
      transformers: [{ type: 'adversary-heap' }],
    }),
  },
  {
    name: 'plug-in-buffers',
    what: 'a plug-in that fills buffers beside the heap',
    ends: /E_STEP_MEMORY/,
    isQuick: true,
    make: (directory) => ({
      ...file(writePieces(join(directory, 'buffers.jsonl'), ['{"id":"a"}\n']), jsonl),
      transformers: [{ type: 'adversary-buffers' }],
    }),
  },
  {
    name: 'plug-in-exit',
    what: 'a plug-in that ends its process',
    ends: /E_STEP_LOST/,
    isQuick: true,
    make: (directory) => ({
      ...file(writePieces(join(directory, 'exit.jsonl'), ['{"id":"a"}\n']), jsonl),
      transformers: [{ type: 'adversary-exit' }],
    }),
  },
];

const SKOS = 'http://www.w3.org/2004/02/skos/core#';
const TYPE = '<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>';

function* amplified(): Generator<string> {
  yield `<http://e/top> ${TYPE} <${SKOS}Concept> .\n<http://e/top> <${SKOS}prefLabel> "${'x'.repeat(1_000_000)}"@en .\n`;
  yield* times(
    3_000,
    (i) =>
      `<http://e/${String(i)}> ${TYPE} <${SKOS}Concept> .\n<http://e/${String(i)}> <${SKOS}prefLabel> "n"@en .\n` +
      `<http://e/${String(i)}> <${SKOS}broader> <http://e/top> .\n`,
  );
}

function circle(count: number): Generator<string> {
  return times(
    count,
    (i) =>
      `<http://e/${String(i)}> ${TYPE} <${SKOS}Concept> .\n<http://e/${String(i)}> <${SKOS}prefLabel> "n"@en .\n` +
      `<http://e/${String(i)}> <${SKOS}broader> <http://e/${String((i + 1) % count)}> .\n`,
  );
}
