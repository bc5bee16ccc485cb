/**
 * Seeded XML for the comparison with expat: documents of every kind, well-formed for the most part, and damaged ones.
 */
import { createRandom, type Random } from '../../fuzz/create-random.ts';

interface Letters {
  /** Letters that begin names, by script. */
  readonly first: readonly string[];
  readonly later: readonly string[];
}

/** In both editions of XML 1.0. */
const FOURTH_EDITION: Letters = {
  first: ['abzAZ_', 'éßñØ', 'жЯѣ', 'λΩ', '日本名', 'あン', '가힣', 'אב', 'عم', 'हक'],
  later: ['0', '9', '-', '.', '·', '\u0301', '٣'],
};

const FIFTH_EDITION: Letters = {
  first: [...FOURTH_EDITION.first, 'ꙀⅯⰀ\u1680', '𐀀😀𠀀'],
  later: [...FOURTH_EDITION.later, '\u203f', '\u0363'],
};

const TEXTS = [
  ...['a', 'word', ' ', '\n', '\r\n', '\r', '\t', 'é', '日本語', '😀', '\u00a0', '\ufffd', '\u0085', '\u2028'],
  ...['"', "'", '>', ']', ']]', '-', '--', '/', '=', ';', '#', 'x'.repeat(300)],
  ...['&amp;', '&lt;', '&gt;', '&quot;', '&apos;', '&#65;', '&#x1F600;', '&#10;', '&#13;', '&#x9;', '&#0000000000233;'],
];
const PREFIXES = ['', '', '', 'p:', 'xml:', 'é:'];
const ENCODINGS: readonly (readonly [label: string, mark: string, encode: (text: string) => Buffer])[] = [
  ['UTF-8', '', (text) => Buffer.from(text)],
  ['UTF-8', '', (text) => Buffer.from(text)],
  ['utf-8', '\ufeff', (text) => Buffer.from(text)],
  ['UTF-16', '\ufeff', (text) => Buffer.from(text, 'utf16le')],
  ['UTF-16', '\ufeff', (text) => Buffer.from(text, 'utf16le').swap16()],
];

export interface XmlGenerator {
  /** A document in one of the encodings. One of five has names of the fifth edition alone. */
  document(): Buffer;
  /** An element of this name, with names of both editions in it. */
  record(name: string): string;
  /** The bytes with one dropped, inserted or changed, or with a character inserted. */
  damaged(bytes: Buffer): Buffer;
}

/** The same for the same seed. */
export function createXmlGenerator(seed: number): XmlGenerator {
  const random = createRandom(seed);
  return {
    document: () => encoded({ random, letters: random(5) === 0 ? FIFTH_EDITION : FOURTH_EDITION }),
    record: (name) => element({ random, letters: FOURTH_EDITION }, 3, name),
    damaged: (bytes) => damaged(bytes, random),
  };
}

interface Making {
  readonly random: Random;
  readonly letters: Letters;
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random(items.length)] as T;
}

function some(random: Random, most: number, make: () => string): string {
  return Array.from({ length: random(most + 1) }, make).join('');
}

function texts(random: Random, most: number, more: readonly string[] = []): string {
  return some(random, most, () => pick(random, [...TEXTS, ...more]));
}

function nameOf({ random, letters }: Making): string {
  const first = () => pick(random, Array.from(pick(random, letters.first)));
  return first() + some(random, 4, () => (random(4) === 0 ? pick(random, letters.later) : first()));
}

function element(making: Making, depth: number, given?: string): string {
  const { random } = making;
  const name = () => pick(random, PREFIXES) + nameOf(making);
  const space = () => pick(random, ['', '', ' ', '\n', '\t']);
  const tag = given ?? name();
  const names = [...new Set(Array.from({ length: random(4) }, name))];
  // Rarely a name occurs twice, which no document may have.
  if (random(80) === 0) names.push(...names.slice(0, 1));
  const attributes = names.map((key) => ` ${space()}${key}${space()}=${space()}${quoted(random)}`).join('');
  const start = `<${tag}${attributes}${space()}`;
  if (random(4) === 0) return `${start}/>`;
  return `${start}>${some(random, 5, () => node(making, depth))}</${tag}${space()}>`;
}

function quoted(random: Random): string {
  const quote = pick(random, ['"', "'"]);
  return quote + texts(random, 4).replaceAll(quote, '') + quote;
}

function node(making: Making, depth: number): string {
  const { random } = making;
  const kind = random(10);
  if (kind < 4 && depth > 0) return element(making, depth - 1);
  if (kind < 7) return texts(random, 4).replaceAll(']>', '] >');
  if (kind > 7) return misc(making);
  return `<![CDATA[${texts(random, 4, ['<', '&', '<a>']).replaceAll(']>', '] >')}]]>`;
}

/** A comment or a processing instruction. */
function misc(making: Making): string {
  const { random } = making;
  const inside = texts(random, 3, ['<a', '&', '?']).replace(/-|\?/g, ' ');
  return random(2) === 0 ? `<!--${inside}-->` : `<?${nameOf(making)}${inside === '' ? '' : ` ${inside}`}?>`;
}

function encoded(making: Making): Buffer {
  const { random } = making;
  const [label, mark, encode] = pick(random, ENCODINGS);
  const encoding = random(2) === 0 ? ` encoding="${label}"` : '';
  const standalone = random(4) === 0 ? ' standalone="yes"' : '';
  const declaration =
    random(2) === 0 ? `<?xml version=${pick(random, ["'1.0'", '"1.0"'])}${encoding}${standalone}?>` : '';
  const around = () => some(random, 2, () => (random(2) === 0 ? pick(random, [' ', '\n', '\r\n']) : misc(making)));
  const doctype = random(8) === 0 ? `<!DOCTYPE ${nameOf(making)} >` : '';
  return encode(mark + declaration + around() + doctype + element(making, 4) + around());
}

/** Bytes that mean something in XML, and some that never may be in it. */
const BYTES = Buffer.from('<>/&;"\'=!?[]- \n:x#\0\x01\x80\xc3\xed\xbf\xff', 'latin1');

/** Characters next to those of names, and two that XML has nowhere. */
const CHARACTERS = ['\u00d7', '\u00f7', '\u037e', '\u2190', '\u3000', '\ue000', '\ufffe', '\uffff', '\u{f0000}'];

function damaged(bytes: Buffer, random: Random): Buffer {
  const at = random(bytes.length);
  const byte = random(3) === 0 ? random(256) : (BYTES[random(BYTES.length)] ?? 0);
  const [before, from, after] = [bytes.subarray(0, at), bytes.subarray(at), bytes.subarray(at + 1)];
  switch (random(5)) {
    case 0:
      return Buffer.concat([before, after]);
    case 1:
      return Buffer.concat([before, Buffer.from([byte]), from]);
    case 2:
      return Buffer.concat([before, Buffer.from(pick(random, CHARACTERS)), from]);
    default:
      return Buffer.concat([before, Buffer.from([byte]), after]);
  }
}
