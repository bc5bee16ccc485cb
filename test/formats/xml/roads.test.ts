/**
 * The two roads to the value of a record, our own fast parser and fast-xml-parser, give the same. parsers.test.ts compares
 * them on real documents and on mutated ones; here is what those do not hold.
 */
import { describe, expect, it } from 'vitest';
import { wantedElements } from '../../../src/formats/xml/object.ts';
import { proveElement } from '../../../src/formats/xml/prove-element.ts';
import { parseXmlStrictly } from '../../../src/formats/xml/strict-parser.ts';
import { compareXmlParsers } from '../../bench/xml-fuzz.ts';
import { createRandom, type Random } from '../../fuzz/create-random.ts';

function tree(random: Random, depth: number, size: { left: number }): string {
  const name = ['a', 'b', 'p:C', 'title'][random(4)] ?? 'a';
  const attributes = random(3) === 0 ? ` n="${String(random(1000))}" xml:lang='de'` : '';
  let content = '';
  while (depth > 0 && size.left > 0 && random(12) > 0) {
    size.left--;
    content +=
      random(2) === 0 ? tree(random, depth - 1, size) : (['text &amp; more', ' ', '\r\n', 'é'][random(4)] ?? '');
  }
  return `<${name}${attributes}>${content}</${name}>`;
}

function large(seed: number): Buffer {
  const random = createRandom(seed);
  const trees = Array.from({ length: 300 }, () => tree(random, 12, { left: 200 }));
  // Deep inside, so that several elements cross from one part to the next.
  return Buffer.from(`<r x="1"><a y="2">begin<b>${trees.join('')}</b>end</a><title/></r>`);
}

const asBytes = (text: string): string => Buffer.from(text).toString('latin1');

describe('an element that fast-xml-parser reads in parts', () => {
  const wanted = [undefined, wantedElements(['a/b/a', 'a/b/title']), wantedElements(['title'])];

  it.each([1, 2, 3, 4, 5])('has the value that our own parser gives: seed %d', (seed) => {
    const bytes = large(seed);
    expect([...proveElement(bytes.toString('latin1'), undefined)].length).toBeGreaterThan(2);
    for (const paths of wanted) expect(compareXmlParsers(bytes, 0, paths)).toBe('equal');
  });
});

describe('fast-xml-parser changes nothing of', () => {
  it.each(['constructor', '__proto__', 'prototype', 'hasOwnProperty', 'toString', 'valueOf', '__defineGetter__', '_1'])(
    'the name %s',
    (name) => {
      const bytes = Buffer.from(`<r><${name} ${name}="1"><${name}/></${name}><${name}/></r>`);
      expect(compareXmlParsers(bytes, 0)).toBe('equal');
      const value = parseXmlStrictly(bytes.toString('latin1')) as object;
      expect(Object.keys(value)).toEqual([name.toLowerCase()]);
    },
  );

  // White space to JavaScript, letters to XML.
  it.each(['a\u1680b', '\u1680', 'a\ufeff', '\ufeffb\u1680'])('the name %j', (name) => {
    const bytes = asBytes(`<${name} ${name}="\u1680\ufeff\ue000\ue001"><${name}>x</${name}></${name}>`);
    expect(parseXmlStrictly(bytes)).toEqual({ [`@${name}`]: '\u1680\ufeff\ue000\ue001', [name]: 'x' });
  });

  it.each([
    ['a]]<!-- -->&gt;<!-- -->b', 'a]]>b'],
    ['<![CDATA[]]]]><![CDATA[>]]>', ']]>'],
    ['<![CDATA[&amp;<b>]]>&amp;', '&amp;<b>&'],
    ['a\r<!-- -->\nb', 'a\n\nb'],
    ['a&#13;&#10;b\r\nc', 'a\r\nb\nc'],
    ['<![CDATA[]]>', ''],
    ['<?pi it\'s "?>a', 'a'],
    [`${'x]]'.repeat(200)}&gt;`, `${'x]]'.repeat(200)}>`],
    ['&#0000000000065;&#x00000000041;', 'AA'],
  ])('the text %j', (written, text) => {
    expect(parseXmlStrictly(asBytes(`<a>${written}</a>`))).toBe(text);
    expect(parseXmlStrictly(asBytes(`<a b="1"><c/>${written}</a>`))).toEqual({
      '@b': '1',
      c: null,
      ...(text === '' ? {} : { '#text': text }),
    });
  });

  it('the values of attributes', () => {
    const bytes = asBytes(`<a\n b = "x>y='&#10;/"\tc='"'  d="\t\r\n"\r\ne=''/>`);
    expect(parseXmlStrictly(bytes)).toEqual({ '@b': "x>y='\n/", '@c': '"', '@d': '  ', '@e': '' });
  });
});

describe('memory', () => {
  it('is bounded while a record of many elements is read by fast-xml-parser', () => {
    const longest = Math.max(
      ...[...proveElement(`<r>${'<a b="c">d</a>'.repeat(100_000)}</r>`, undefined)].map(
        ({ document }) => document.length,
      ),
    );
    expect(longest).toBeLessThan(70_000);
  });
});
