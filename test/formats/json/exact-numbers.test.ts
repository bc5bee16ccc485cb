/** Numbers keep their value or their digits. Python's json, int and Decimal say which it must be. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { json } from '../../../readers/json.ts';
import { jsonl } from '../../../readers/jsonl.ts';
import { findInexactNumber, parseJsonExactly, toExactNumber } from '../../../src/formats/json/exact-numbers.ts';
import { parseRecord } from '../../../src/formats/json/record.ts';
import { parseSparqlResults } from '../../../src/formats/sparql/results.ts';
import { describeWithPython, runPython } from '../../support/python.ts';
import { bytesResource, outline, readRecords } from '../../support/read-resource.ts';

const TEXTS = [
  '9007199254740993',
  '-9007199254740993',
  '12345678901234567890',
  '10000000000000000000',
  '1e400',
  '-1E+400',
  '1e-400',
  '-1.5e-999',
  `1${'0'.repeat(400)}`,
  `0.${'0'.repeat(400)}1`,
  '9007199254740993.0',
  '9.007199254740993e15',
  '12345678901234567.5',
];

const NUMBERS: readonly (readonly [string, number])[] = [
  ['9007199254740991', 9007199254740991],
  ['-9007199254740991', -9007199254740991],
  ['0.1234567890123456789', 0.12345678901234568],
  ['1e21', 1e21],
  ['1.5E+300', 1.5e300],
  ['1e-300', 1e-300],
  ['0e999', 0],
  ['0.0000000000000000000', 0],
  ['100e-2', 1],
  ['2.50', 2.5],
];

describe('a number', () => {
  it.each(TEXTS)('that a double cannot hold keeps its digits: %s', (literal) => {
    const document = `{"id": "12345678901234567890", "n": ${literal}, "deep": [[${literal}], {"a\\"1e999,": ${literal}}]}`;
    const value = { id: '12345678901234567890', n: literal, deep: [[literal], { 'a"1e999,': literal }] };
    expect(parseJsonExactly(document)).toEqual(value);
    expect(findInexactNumber(document)).toBe(literal);
    for (let spaces = 0; spaces < 20; spaces++) {
      const record = Buffer.from(`${' '.repeat(spaces)}[{"n":${literal}}]`);
      expect(parseRecord(record, 8)).toEqual({ value: [{ n: literal }] });
      expect(parseRecord(Buffer.concat([Buffer.from('1 '), record]), 8, 2)).toEqual({ value: [{ n: literal }] });
    }
  });

  it.each(NUMBERS)('that a double holds is that number: %s', (literal, value) => {
    expect(parseJsonExactly(`[${literal}]`)).toEqual([value]);
    expect(toExactNumber(literal)).toBe(value);
    expect(findInexactNumber(`[${literal}]`)).toBeUndefined();
  });

  it('within a text is text', () => {
    const value = { a: 'x: 12345678901234567890, 1e999', b: '\\', c: ' 1e400"\\\\" ,1e400', n: 1 };
    expect(parseJsonExactly(JSON.stringify(value))).toEqual(value);
  });

  it.each([
    '[12345678901234567890',
    '[01e400]',
    '[1.e400]',
    '[-]',
    '[12345678901234567890.]',
    '["12345678901234567890]',
  ])('is refused where JSON has no such number: %s', (text) => {
    expect(() => parseJsonExactly(text)).toThrow(SyntaxError);
    expect(() => parseJsonExactly(text)).toThrow(catchMessage(() => JSON.parse(text) as unknown));
  });
});

describe('the readers', () => {
  it('of JSON and JSON lines keep the digits, whichever way a record is read', async () => {
    const records = Array.from({ length: 300 }, (_, i) => `{"id":9007199254740${String(700 + i)}}`);
    const expected = records.map((_, i) =>
      i <= 291 ? { id: 9007199254740700 + i } : { id: `9007199254740${String(700 + i)}` },
    );
    const sources = [
      [json, `[${records.join(',')}]`],
      [json, `[\n${records.join(',\n')}\n]`],
      [
        json,
        `[\n${records.map((record) => `  ${record.replace('{', '{\n    ').replace('}', '\n  }')}`).join(',\n')}\n]`,
      ],
      [jsonl, records.join('\n')],
      [jsonl, `[${records.join(',')}]`],
    ] as const;
    for (const [reader, text] of sources) {
      expect(outline(await readRecords(reader, bytesResource(text, [1000])))).toEqual(expected);
    }
    expect(outline(await readRecords(jsonl, bytesResource('1e400\n12345678901234567890\n'))).slice(0, 2)).toEqual([
      '1e400',
      '12345678901234567890',
    ]);
    expect(outline(await readRecords(json, bytesResource('{"n":1e-400}')))).toEqual([{ n: '1e-400' }]);
  });

  it('of SPARQL results keep the digits', () => {
    const text =
      '{"head":{"vars":["n"]},"results":{"bindings":[{"n":{"type":"literal","value":12345678901234567890}}]}}';
    expect(parseSparqlResults(text, 'x').bindings).toEqual([{ n: { type: 'literal', value: '12345678901234567890' } }]);
  });
});

const SCRIPT = `
import json, math, sys
from decimal import Decimal
LIMIT = 2**53 - 1
def whole(text):
    number = int(text)
    return ['text', text] if abs(number) > LIMIT else ['number', repr(float(number) + 0.0)]
def fraction(text):
    exact, double = Decimal(text), float(text)
    if math.isinf(double) or (double == 0 and exact != 0):
        return ['text', text]
    if abs(double) > LIMIT and Decimal(repr(double)) != exact:
        return ['text', text]
    return ['number', repr(double + 0.0)]
print(json.dumps([json.loads(text, parse_int=whole, parse_float=fraction) for text in json.load(sys.stdin)]))
`;

const digits = (max: number) =>
  fc.string({ unit: fc.integer({ min: 0, max: 9 }).map(String), minLength: 1, maxLength: max });
const whole = fc.oneof(
  fc.constant('0'),
  fc.tuple(fc.integer({ min: 1, max: 9 }).map(String), digits(24)).map((both) => both.join('')),
);
const exponent = fc.tuple(
  fc.constantFrom('e', 'E', 'e+', 'E-', 'e-'),
  fc.oneof(digits(2), fc.integer({ min: 280, max: 350 }).map(String)),
);
const optional = (text: fc.Arbitrary<string>) => fc.oneof(fc.constant(''), text);
const literals = fc
  .tuple(
    fc.constantFrom('', '-'),
    whole,
    optional(digits(24).map((text) => `.${text}`)),
    optional(exponent.map((both) => both.join(''))),
  )
  .map((parts) => parts.join(''));

describeWithPython('JSON numbers compared with Python', [], { timeout: 60_000 }, () => {
  it('are its int and Decimal, or their digits', () => {
    const documents = fc
      .sample(
        fc.array(
          fc.oneof(
            literals,
            literals,
            fc.string().map((text) => JSON.stringify(text)),
          ),
        ),
        { numRuns: 3000, seed: 20261129 },
      )
      .map((items) => `[${items.join(', ')}]`);
    const expected = runPython(SCRIPT, documents) as unknown[];
    const found = documents.map((text) => valuesOf(text).map((value, i) => label(value, text, i)));
    const toNumbers = (values: unknown[]): unknown[] =>
      values.map((value) => (Array.isArray(value) && value[0] === 'number' ? Number(value[1]) : value));
    expect(found.length).toBe(3000);
    expect(found).toEqual(expected.map((values) => toNumbers(values as unknown[])));
  });
});

function valuesOf(document: string): readonly unknown[] {
  const parsed = parseRecord(Buffer.from(document), 8);
  if (!('value' in parsed)) throw new Error(parsed.reason);
  expect(parseJsonExactly(document)).toEqual(parsed.value);
  return parsed.value as unknown[];
}

/** A text that was a number in the document is labelled as Python's script labels it. */
function label(value: unknown, text: string, index: number): unknown {
  if (typeof value === 'number') return value + 0;
  const original = (JSON.parse(text) as unknown[])[index];
  return typeof original === 'string' ? value : ['text', value];
}

function catchMessage(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it should have thrown');
}
