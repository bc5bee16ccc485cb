/** Patterns compared with Python's `re`: each means the same here, or is refused. */
import { RE2JS } from 're2js';
import { expect, it } from 'vitest';
import { translatePythonPattern } from '../../../src/formats/archive/python-pattern.ts';
import { describeWithPython, runPython } from '../../support/python.ts';

const PATTERNS = [
  ...[
    '^.{,3}$',
    '^a{,}$',
    '^a{2,}$',
    '^a{2}$',
    '^x{$',
    '^x{,$',
    '^x{a}$',
    '^[{,3}]+$',
    '^Te\\st$',
    '^\\S+$',
    '^[\\s-]+$',
    '^[^\\s]+$',
  ],
  ...[
    '^\\d+$',
    '^\\D+$',
    '^[\\d.]+$',
    'json$',
    'json\\Z',
    '(json|xml)$',
    '^(?:a$|b)',
    '(?m)^a$',
    '(?i)^straße$',
    '(?i)^i$',
    '(?i)^[a-k]+$',
  ],
  ...[
    '(?i:I)b',
    '(?i)^[^i]$',
    '(?P<year>\\d{4})',
    '(?s)a.b',
    'a.b',
    '\\Aab',
    '[\\b]',
    '^\\u00e9$',
    '^\\U0001F600$',
    '\\x41',
    '\\.',
    'a|b$',
  ],
  ...[
    'a*?b',
    '(?:ab)+',
    '[]a]',
    '[^]a]',
    '[a\\]b]',
    '^[a-]+$',
    '\\$',
    '\\{,3\\}',
    '[$]',
    '\\t',
    '(a)(b)?',
    '^\\s*$',
    '$',
  ],
];
const REFUSED = [
  ...[
    '\\bdata\\b',
    '\\Bx',
    '[a\\W]',
    '[\\S]',
    '(?=a)b',
    '(?!a)b',
    '(?<=a)b',
    '(?<!a)b',
    '(a)\\1',
    '(?P<n>a)(?P=n)',
    '(?(1)a|b)',
    '(?>a)',
  ],
  ...[
    'a*+',
    'a++',
    'a?+',
    'a{2}+',
    '(?#x)a',
    '(?x)a b',
    '(?a)\\w',
    '\\Qa\\E',
    '\\C',
    '\\z',
    '(?<n>a)',
    '$\\n',
    '$.',
    'a**',
    '(',
    '[a',
  ],
];
const TEXTS = [
  ...[
    '',
    'a',
    'aa',
    'aaa',
    'aaaa',
    'ab',
    'a\n',
    'a\nb',
    'json',
    'json\n',
    'json\n\n',
    'xml\n',
    'x{',
    'x{,',
    'x{a}',
    '{,3}',
    'Te st',
    'Te\u00a0st',
    'Te\u2003st',
  ],
  ...[
    'Te\u001cst',
    'Te\u0085st',
    'Te\u000bst',
    'Te\u200bst',
    ' ',
    '\u00a0',
    '\u3000-',
    '\ufeff',
    '٣',
    '1.٣',
    '²',
    'STRASSE',
    'straße',
    'STRAẞE',
    'i',
    'I',
    'ı',
    'İ',
    'K',
    '\u212a',
    'ſ',
  ],
  ...[
    'Ib',
    'ib',
    'İb',
    '2024',
    '٢٠٢٤',
    '\b',
    'b',
    'é',
    'É',
    '😀',
    'A',
    '.',
    ']',
    '^',
    '$',
    '-',
    '\t',
    'b\n',
    'axb',
    '李明',
    'e\u0301',
  ],
];
const SCRIPT = `
import json, re, sys, warnings
warnings.simplefilter('ignore')
patterns, texts = json.load(sys.stdin)
print(json.dumps([[re.search(pattern, text) is not None for text in texts] for pattern in patterns]))
`;

it.each(REFUSED)('refuses %s', (pattern) => {
  expect(() => RE2JS.compile(translatePythonPattern(pattern))).toThrow();
});

describeWithPython("patterns compared with Python's re", [], { timeout: 60_000 }, () => {
  it('find the same texts', () => {
    const found = PATTERNS.map((pattern) => {
      const compiled = RE2JS.compile(translatePythonPattern(pattern));
      return [pattern, TEXTS.filter((text) => compiled.test(text))];
    });
    const theirs = runPython(SCRIPT, [PATTERNS, TEXTS]) as boolean[][];
    expect(found).toEqual(PATTERNS.map((pattern, i) => [pattern, TEXTS.filter((_, j) => theirs[i]?.[j] === true)]));
  });
});
