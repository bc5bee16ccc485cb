import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { translatePythonPattern } from '../../../src/formats/archive/python-pattern.ts';

const finds = (pattern: string, text: string): boolean => RE2JS.compile(translatePythonPattern(pattern)).test(text);

describe('a pattern of Python', () => {
  it.each([
    ['^\\w+\\.json$', 'données.json', 'don nées.json'],
    ['^\\W+$', '--', '李明'],
    ['^[\\w.]+$', '李.明', '李-明'],
    ['^[]\\d]+$', ']٣', 'a'],
    ['^[^\\d]+$', 'ab', 'a٣'],
    ['^[[:alpha:]\\d]+$', 'a٣', '李'],
    ['^[\\D]+$', 'ab', '٣'],
    ['\\.json\\Z', 'a.json', 'a.json.gz'],
    ['^\\\\d$', '\\d', '1'],
    ['^\\p{Lu}[\\]\\w]$', 'Ä]', 'ää'],
  ])('%s finds %j and not %j', (pattern, found, other) => {
    expect([finds(pattern, found), finds(pattern, other)]).toEqual([true, false]);
  });

  it('is refused where RE2 cannot write it', () => {
    expect(() => translatePythonPattern('[a\\W]')).toThrow('"\\W"');
  });
});
