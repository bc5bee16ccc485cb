/**
 * The fast XML parser against the strict one, on documents and on seeded mutations of them: where the
 * fast one answers, the strict one gives the same value; where it declines, the strict one decides alone.
 */
import { isUtf8 } from 'node:buffer';
import { isDeepStrictEqual } from 'node:util';
import { findElementEnd } from '../../src/formats/xml/element-end.ts';
import { parseXmlFast } from '../../src/formats/xml/fast-parser.ts';
import { XmlFault } from '../../src/formats/xml/fault.ts';
import { wantedElements, type WantedElements } from '../../src/formats/xml/object.ts';
import { createXmlScan, viewBytes } from '../../src/formats/xml/scan.ts';
import { parseXmlStrictly } from '../../src/formats/xml/strict-parser.ts';
import { SEED_DOCUMENTS } from './xml-fuzz-documents.ts';
import { createRandom } from '../fuzz/create-random.ts';

export interface XmlFuzzReport {
  readonly documents: number;
  /** The fast parser answered, and the strict one gave the same. */
  readonly equal: number;
  /** The fast parser declined or wanted more; the strict one read it. */
  readonly strict: number;
  /** Both refused. */
  readonly refused: number;
  readonly slowestMs: number;
  readonly peakRssMb: number;
  /** Documents on which they differ: a bug. At most ten. */
  readonly differences: readonly string[];
}

const LIMITS = { maxDepth: 64, maxAttributes: 100, maxElements: 100_000 };

export type Comparison = 'equal' | 'strict' | 'refused' | { readonly difference: string };

/** Compares the two on the element that begins at `start`. */
export function compareXmlParsers(bytes: Buffer, start: number, wanted?: WantedElements): Comparison {
  const scan = createXmlScan(LIMITS);
  viewBytes(scan, bytes);
  scan.at = start;
  const fast = parseXmlFast(scan, wanted);
  const end = scan.at;
  const isAnswer = scan.stop === 'no' && isUtf8(bytes.subarray(start, end));
  const strict = readStrictly(bytes, bytes.toString('latin1'), start, wanted);
  if (!isAnswer) return strict === undefined ? 'refused' : 'strict';
  if (strict === undefined) return { difference: 'the fast parser read what the strict one refuses' };
  if (strict.end !== end) return { difference: `they end at ${String(end)} and ${String(strict.end)}` };
  return isDeepStrictEqual(fast, strict.value) ? 'equal' : { difference: 'they read different values' };
}

function readStrictly(
  bytes: Buffer,
  text: string,
  start: number,
  wanted: WantedElements | undefined,
): { readonly value: unknown; readonly end: number } | undefined {
  try {
    const end = findElementEnd(text, start, LIMITS, 0);
    if (end === 'more' || !isUtf8(bytes.subarray(start, end))) return undefined;
    return { value: parseXmlStrictly(bytes.toString('latin1', start, end), wanted), end };
  } catch (error) {
    if (error instanceof XmlFault) return undefined;
    throw error;
  }
}

/** `count` mutated documents. The same seed gives the same ones on every machine. */
export function fuzzXml(count: number, seed: number, documents: readonly Buffer[] = SEED_DOCUMENTS): XmlFuzzReport {
  const random = createRandom(seed);
  const tally = { equal: 0, strict: 0, refused: 0 };
  const differences: string[] = [];
  let slowestMs = 0;
  let peak = 0;
  for (let i = 0; i < count; i++) {
    const bytes = mutate(documents[random(documents.length)] ?? Buffer.alloc(0), documents, random);
    const start = startOfRoot(bytes);
    if (start < 0) {
      tally.refused++;
      continue;
    }
    const wanted = random(3) === 0 ? WANTED[random(WANTED.length)] : undefined;
    const began = performance.now();
    const outcome = compareXmlParsers(bytes, start, wanted);
    slowestMs = Math.max(slowestMs, performance.now() - began);
    if (i % 1000 === 0) peak = Math.max(peak, process.memoryUsage.rss());
    if (typeof outcome === 'string') tally[outcome]++;
    else if (differences.length < 10) {
      differences.push(
        `${outcome.difference}: document ${String(i)} of seed ${String(seed)}, ${JSON.stringify(bytes.toString('utf8', start).slice(0, 2000))}`,
      );
    }
  }
  return {
    documents: count,
    ...tally,
    slowestMs: Math.round(slowestMs),
    peakRssMb: Math.round(peak / 1e6),
    differences,
  };
}

const WANTED = [
  wantedElements(['person/name', 'orcid-identifier/path', 'activities-summary/employments']),
  wantedElements(['a/b', 'title', 'no-such-element']),
  wantedElements([]),
];

/** Behind the prolog, as the reader would begin. */
function startOfRoot(bytes: Buffer): number {
  const found = /<[A-Za-z_]/.exec(bytes.toString('latin1'));
  return found?.index ?? -1;
}

/** What a mutation writes in: whatever has a meaning in XML, and whatever should have none. */
const PIECES = [
  '<',
  '>',
  '/',
  '&',
  ';',
  '"',
  "'",
  '=',
  ' ',
  '\n',
  '\r\n',
  '\t',
  '<!--',
  '-->',
  '<!-- x -->',
  '<![CDATA[',
  ']]>',
  '<![CDATA[a<b&c]]>',
  '<?pi x?>',
  '<?',
  '?>',
  '<!DOCTYPE a>',
  '<!',
  '&amp;',
  '&lt;',
  '&#65;',
  '&#x1F600;',
  '&#0;',
  '&foo;',
  '&#xD800;',
  '</',
  '/>',
  '<a>',
  '</a>',
  '<a/>',
  '<b x="1">',
  ' x="1"',
  " y='2'",
  ' x="a>b"',
  ' x="a<b"',
  ' xmlns="u"',
  ' xmlns:p="u"',
  '<p:q>',
  ':',
  '\u0000',
  '\u0001',
  '\ufffe',
  '\ufeff',
  'é',
  '日本',
  '<é/>',
  '😀',
  '<constructor/>',
  '<__proto__>',
  '<toString>',
  '-',
  '.',
  '0',
  'xml',
  '<xml>',
  '<?xml version="1.0"?>',
  ']]',
  '--',
].map((piece) => Buffer.from(piece));

/** Whole things, which leave most documents well-formed. */
const MILD = [
  'a',
  ' ',
  '\n',
  '\r\n',
  '\t',
  'é',
  '日本',
  '😀',
  '&amp;',
  '&#65;',
  '&#x1F600;',
  '<!-- x -->',
  '<![CDATA[a<b&c]]>',
  '<?pi x?>',
  '<a/>',
  '<b>1</b>',
  '<p:q r:s="t"> </p:q>',
  '<constructor/>',
  '<é/>',
  '-',
  '.',
  ']]',
  '--',
  '=',
  "'",
  '/',
  '',
].map((piece) => Buffer.from(piece));

/** One of the documents, mutated; the same for the same seed. */
export function mutateXml(seed: number, documents: readonly Buffer[]): Buffer {
  const random = createRandom(seed);
  return mutate(documents[random(documents.length)] ?? Buffer.alloc(0), documents, random);
}

function mutate(document: Buffer, documents: readonly Buffer[], random: (below: number) => number): Buffer {
  let bytes: Buffer = Buffer.from(document);
  for (let changes = random(3) === 0 ? 1 + random(4) : 1; changes > 0; changes--)
    bytes = mutateOnce(bytes, documents, random);
  return bytes;
}

function mutateOnce(bytes: Buffer, documents: readonly Buffer[], random: (below: number) => number): Buffer {
  const at = random(bytes.length + 1);
  const behind = Math.min(bytes.length, at + 1 + random(12));
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(behind)];
  const piece = PIECES[random(PIECES.length)] ?? Buffer.alloc(0);
  const mild = MILD[random(MILD.length)] ?? Buffer.alloc(0);
  switch (random(12)) {
    case 0:
      return Buffer.concat([before, after]);
    case 1:
      return Buffer.concat([before, piece, after]);
    case 2:
    case 3:
      return Buffer.concat([before, piece, bytes.subarray(at)]);
    case 4:
      return Buffer.concat([before, bytes.subarray(at, behind), bytes.subarray(at, behind), after]);
    case 5:
      return Buffer.concat([before, Buffer.from([random(256)]), bytes.subarray(at + 1)]);
    case 6:
      return random(10) === 0 ? Buffer.from(before) : Buffer.concat([before, piece, after]);
    case 7:
      return splice(bytes, at, documents, random);
    default:
      return Buffer.concat([bytes.subarray(0, betweenTags(bytes, at)), mild, bytes.subarray(betweenTags(bytes, at))]);
  }
}

/** Behind the tag in which a place is, mostly. */
function betweenTags(bytes: Buffer, at: number): number {
  const close = bytes.indexOf('>', at);
  return at % 4 === 0 || close < 0 ? at : close + 1;
}

/** A part of another document in the middle of this one. */
function splice(bytes: Buffer, at: number, documents: readonly Buffer[], random: (below: number) => number): Buffer {
  const other = documents[random(documents.length)] ?? bytes;
  const from = random(other.length + 1);
  return Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + random(200)), bytes.subarray(at)]);
}
