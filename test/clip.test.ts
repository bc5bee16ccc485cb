import { describe, expect, it } from 'vitest';
import { clip, escapeInvisible, quote, quoteList } from '../src/clip.ts';

describe('clip', () => {
  it('cuts to the length and marks the cut', () => {
    expect(clip('abc', 3)).toBe('abc');
    expect(clip('abcd', 3)).toBe('ab…');
  });

  it('never splits a surrogate pair', () => {
    expect(clip('a😀bc', 3)).toBe('a…');
    expect(clip('a😀bc', 3).isWellFormed()).toBe(true);
  });
});

describe('quote', () => {
  it('bounds a text of any length', () => {
    expect(quote('x'.repeat(1_000_000)).length).toBeLessThan(210);
    expect(quote({ list: ['x'.repeat(1_000_000)] }).length).toBeLessThan(210);
  });

  it('shows what a terminal would obey', () => {
    expect(quote('a\u001b]0;x\u0007\u009b\u202e\nb"')).toBe(String.raw`"a\u001b]0;x\u0007\u009b\u202e\nb\""`);
  });

  it('shows values that are no text', () => {
    expect([quote(1), quote(null), quote(undefined), quote([1, 'a']), quote(1n)]).toEqual([
      '1',
      'null',
      'undefined',
      '[1,"a"]',
      '1',
    ]);
  });
});

describe('escapeInvisible', () => {
  it('keeps line breaks, and leaves JSON the same JSON', () => {
    const value = { a: '\u009b\u202e\u2066', b: 'ä\n' };
    const text = escapeInvisible(JSON.stringify(value, null, 2));
    expect(text).toContain(String.raw`\u009b\u202e\u2066`);
    expect(JSON.parse(text)).toEqual(value);
  });
});

describe('quoteList', () => {
  it('quotes the first items and counts the others', () => {
    expect(quoteList(['a', 'b'])).toBe('"a", "b"');
    expect(quoteList(['a', 'b', 'c'], 2)).toBe('"a", "b" and 1 more');
  });
});
