/** Damaged JSON documents and JSON lines. */
import { json } from '../../readers/json.ts';
import { jsonl } from '../../readers/jsonl.ts';
import { fixtureBytes } from './fixture-bytes.ts';
import { fuzzChain, type FuzzCounts } from './fuzz-chain.ts';
import { mutateBytes, type Mutation } from './mutate-bytes.ts';

const PIECES = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '\n',
    '\r\n',
    ' ',
    '\t',
    '{}',
    '[]',
    '""',
    'null',
    'true',
    '0',
    '-',
    '1e999',
    '.5',
    '01',
  ],
  ...[
    '\\u0000',
    '\\ud800',
    '\\u00',
    '\\x',
    '\u0000',
    '\u0001',
    '\u2028',
    '\ufeff',
    'é',
    '日本',
    '"__proto__":',
    '//',
    "'",
    '<html>',
  ],
  ...[
    '},{',
    '},\n{',
    '}\n{',
    '],[',
    '"}',
    '"]',
    '{"a":',
    '[['.repeat(40),
    '{"a":'.repeat(40),
    '}'.repeat(40),
    'x'.repeat(700),
  ],
].map((piece) => Buffer.from(piece));

export const jsonMutation: Mutation = {
  seeds: fixtureBytes('json'),
  pieces: [...PIECES, Buffer.from([0xff]), Buffer.from([0xc3]), Buffer.from([0xed, 0xa0, 0x80])],
};

const jsonlMutation: Mutation = { seeds: fixtureBytes('jsonl'), pieces: jsonMutation.pieces };

/** Limits that a mutated input reaches. */
const depth = { max_depth: 48 };

export function fuzzJson(count: number, seed: number): Promise<FuzzCounts> {
  const links = [{ reader: json, args: { ...depth, max_record_bytes: 600 } }];
  return fuzzChain({ links, makeInput: (random) => mutateBytes(jsonMutation, random) }, count, seed);
}

export function fuzzJsonl(count: number, seed: number): Promise<FuzzCounts> {
  const links = [{ reader: jsonl, args: { ...depth, max_line_bytes: 600 } }];
  return fuzzChain({ links, makeInput: (random) => mutateBytes(jsonlMutation, random) }, count, seed);
}
