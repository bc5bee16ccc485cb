import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { toYamlItem } from '../../writers/file/to-yaml.ts';

const read = (value: unknown, version: '1.1' | '1.2'): unknown =>
  (parse(toYamlItem(value), { version }) as unknown[])[0];

/** Texts that one or another reader of YAML takes for something else, or refuses. */
const traps = [
  ...[
    '',
    ' ',
    'no',
    'NO',
    'Yes',
    'on',
    'y',
    'N',
    'null',
    '~',
    'True',
    '12:30',
    '1_000',
    '017',
    '0o17',
    '0x1F',
    '1e3',
    '.5',
    '.inf',
  ],
  ...[
    '2024-01-01',
    '=',
    '<<',
    '- a',
    '? a',
    'a: b',
    'a #b',
    '#a',
    '@a',
    '`a',
    '%a',
    '!a',
    '&a',
    '*a',
    '"a"',
    "'a'",
    '[a',
    '{a',
    '|',
    '>',
  ],
  ...[
    'a\nb',
    'a\n',
    '\ta',
    ' a',
    'a ',
    'é\u0085x',
    '\u2028',
    '\ufeffa',
    '\u007f',
    '\u0080',
    '😀',
    'a\\b',
    '---',
    '...',
  ],
];

it('is read as it was, by YAML 1.1 and 1.2, as a value and as a key', () => {
  for (const text of traps) {
    const value = { v: text, [text]: [text, [text]] };
    for (const version of ['1.1', '1.2'] as const) expect(read(value, version)).toEqual(value);
  }
});

it('has no character that PyYAML refuses', () => {
  expect(toYamlItem(traps)).not.toMatch(/[\u007f-\u009f\u2028\u2029\ufeff]/);
});

it('nests lists in lists, and marks what is empty', () => {
  expect(toYamlItem({ id: 'a', list: [[1, 2], {}, []], object: { x: { y: null } } })).toBe(
    '- id: a\n  list:\n    - - 1\n      - 2\n    - {}\n    - []\n  object:\n    x:\n      "y": null\n',
  );
});

it('is read as it was for any JSON object', () => {
  const isPlain = (value: unknown): boolean => !JSON.stringify(value).includes('"__proto__"');
  const objects = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()).filter(isPlain);
  fc.assert(
    fc.property(objects, (value) => {
      const json = JSON.parse(JSON.stringify(value)) as unknown;
      expect(read(json, '1.2')).toEqual(json);
    }),
  );
});
