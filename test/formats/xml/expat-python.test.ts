/**
 * XML compared with expat, the parser of Python: what expat accepts gives the same texts and attributes here, and what it
 * rejects is rejected here. They differ in white space before the declaration, which is left
 * out here with a warning, in the names of the fifth edition of XML 1.0, of which expat knows the fourth, and where
 * `isExpatLenient` and `areWeLenient` say so.
 */
import { isUtf8 } from 'node:buffer';
import { expect, it } from 'vitest';
import { xml } from '../../../readers/xml.ts';
import { SourceError } from '../../../src/errors.ts';
import { isFailure, type ReadItem } from '../../../src/records/entry.ts';
import { describeWithPython, runPython } from '../../support/python.ts';
import { asParser, bytesResource, outline, readRecords, testContext } from '../../support/read-resource.ts';
import { createXmlGenerator } from './generated-documents.ts';

/** An element as expat reports it: its name, its attributes in order, and its texts and elements. */
type ExpatNode = readonly [name: string, attributes: readonly string[], content: readonly (string | ExpatNode)[]];

const SCRIPT = `
import base64, json, sys
from xml.parsers import expat

def parse(document):
    parser = expat.ParserCreate()
    parser.ordered_attributes = True
    top = []
    open_elements = [top]
    def start(name, attributes):
        element = [name, attributes, []]
        open_elements[-1].append(element)
        open_elements.append(element[2])
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: open_elements.pop()
    parser.CharacterDataHandler = lambda text: open_elements[-1].append(text)
    try:
        parser.Parse(document, True)
        json.dumps(top).encode()
        return top[0]
    except (expat.ExpatError, UnicodeError, LookupError, ValueError):
        return None

sys.setrecursionlimit(10000)
print(json.dumps([parse(base64.b64decode(document)) for document in json.load(sys.stdin)]))
`;

function parseByExpat(documents: readonly Buffer[]): readonly (ExpatNode | null)[] {
  const encoded = documents.map((document) => document.toString('base64'));
  return runPython(SCRIPT, encoded) as readonly (ExpatNode | null)[];
}

const local = (name: string): string => name.slice(name.indexOf(':') + 1).toLowerCase();

/** The value of an element by the rules of docs/compatibility.md, written a second time. */
function valueOf([, attributes, content]: ExpatNode): unknown {
  const object = attributeValues(attributes);
  let text: string | undefined;
  for (const node of content) {
    if (typeof node === 'string') text = (text ?? '') + node;
    else object.set(local(node[0]), [...(object.get(local(node[0])) ?? []), valueOf(node)]);
  }
  // Expat reports no empty CDATA section, and here an element with nothing else is an empty text.
  if (object.size === 0) return (text ?? '').trim();
  if ((text ?? '').trim() !== '') object.set('#text', [text?.trim()]);
  return Object.fromEntries([...object].map(([key, values]) => [key, values.length === 1 ? values[0] : values]));
}

/** Of attributes with one local name in lower case, the first without a prefix and in lower case has it, then the first without a prefix. */
function attributeValues(attributes: readonly string[]): Map<string, unknown[]> {
  const pairs = Array.from({ length: attributes.length / 2 }, (_, i) => attributes.slice(2 * i, 2 * i + 2));
  const kept = pairs.filter(([name = '']) => !/^xmlns(:|$)/.test(name));
  const keys = new Map<string, string>();
  for (const suits of [(name: string) => name === local(name), (name: string) => !name.includes(':'), () => true]) {
    for (const [name = ''] of kept) {
      const isTaken = [...keys.values()].includes(`@${local(name)}`);
      if (suits(name) && !keys.has(name)) keys.set(name, isTaken ? `@${name}` : `@${local(name)}`);
    }
  }
  return new Map(kept.map(([name = '', value]) => [keys.get(name) ?? '', [value]]));
}

/** Null is the value of an element without content, and the empty text that of one with white space or an empty CDATA section. */
function withoutNull(value: unknown): unknown {
  if (value === null) return '';
  if (Array.isArray(value)) return value.map(withoutNull);
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutNull(inner)]));
}

async function readHere(bytes: Buffer, args: unknown = {}): Promise<readonly ReadItem[] | string> {
  const context = testContext();
  const items = await readRecords(xml, bytesResource(bytes, [97, 5], 'test.xml'), args, context);
  return context.warnings.length === 0 ? items : context.warnings.map(({ code }) => code).join(' ');
}

function textOf(bytes: Buffer): string {
  const wide = isWide(bytes);
  if (wide === undefined) return bytes.toString('utf8');
  const even = Buffer.from(bytes.subarray(0, bytes.length & ~1));
  return (wide === 'big' ? even.swap16() : even).toString('utf16le');
}

/** Whether it is UTF-16, as far as the documents of this test are. */
function isWide(bytes: Buffer): 'big' | 'little' | undefined {
  const start = bytes.toString('hex', 0, 2);
  if (start === 'feff' || bytes[0] === 0) return 'big';
  return start === 'fffe' || bytes[1] === 0 ? 'little' : undefined;
}

/**
 * The document with other letters in its names, which both editions of XML 1.0 have. Expat knows the fourth edition, we know
 * the fifth, which allows more. Equal letters stay equal, and letters of texts are replaced as well.
 */
function inFourthEdition(bytes: Buffer): Buffer {
  const wide = isWide(bytes);
  if (wide === undefined && !isUtf8(bytes)) return bytes;
  const place = (letter: string, from: number, size: number) =>
    String.fromCodePoint(from + ((letter.codePointAt(0) ?? 0) % size));
  const known = textOf(bytes)
    .replace(/[\u0300-\u036f\u203f\u2040]/gu, (letter) => place(letter, 0x300, 0x40))
    .replace(BEGINS_NAME, (letter) => place(letter, 0x4e00, 20_000));
  if (wide === undefined) return Buffer.from(known);
  const written = Buffer.from(known, 'utf16le');
  return wide === 'big' ? written.swap16() : written;
}

const BEGINS_NAME =
  /[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufefe\uff00-\ufffc\u{10000}-\u{effff}]/gu;

interface Outcome {
  readonly kind: 'same' | 'rejected' | 'fifth edition' | 'documented' | 'DIFFERENT';
  readonly detail?: unknown;
}

async function compare(bytes: Buffer, theirs: ExpatNode | null): Promise<Outcome> {
  const read = await readHere(bytes);
  if (typeof read === 'string') return { kind: 'documented', detail: read };
  const [item] = read;
  if (item === undefined || read.length !== 1) return { kind: 'DIFFERENT', detail: read };
  if (isFailure(item)) {
    if (theirs === null) return { kind: 'rejected' };
    return isExpatLenient(bytes) ? { kind: 'documented' } : { kind: 'DIFFERENT', detail: item.error.message };
  }
  if (theirs === null)
    return areWeLenient(bytes) ? { kind: 'documented' } : { kind: 'DIFFERENT', detail: 'expat rejects it' };
  const expected = { [local(theirs[0])]: valueOf(theirs) };
  const found = withoutNull(item.value);
  try {
    expect(found).toEqual(expected);
    return { kind: 'same' };
  } catch {
    return { kind: 'DIFFERENT', detail: { found, expected } };
  }
}

/**
 * Expat accepts versions other than 1.N. In UTF-16 it accepts the first half of a character without the second, half a
 * character at the end, and U+00AA, U+00B5 and U+00BA in names. XML has none of them.
 */
function isExpatLenient(bytes: Buffer): boolean {
  const text = textOf(bytes);
  const version = /^\ufeff?<\?xml\s+version\s*=\s*["']([^"']*)/.exec(text)?.[1] ?? '1.0';
  const isOddInUtf16 = bytes.length % 2 === 1 || /[\ud800-\udfff\u00aa\u00b5\u00ba]/u.test(text);
  return !/^1\.[0-9]+$/.test(version) || (isWide(bytes) !== undefined && isOddInUtf16);
}

/** We accept the name UTF8 for UTF-8, as TextDecoder does. */
function areWeLenient(bytes: Buffer): boolean {
  return /^\ufeff?<\?xml[^>]*encoding\s*=\s*["']utf8["']/i.test(textOf(bytes));
}

async function compareAll(
  seed: number,
  count: number,
): Promise<{ counts: Record<string, number>; differences: unknown[] }> {
  const generator = createXmlGenerator(seed);
  const documents = Array.from({ length: count }, (_, i) => {
    const bytes = generator.document();
    return i % 3 === 0 ? { bytes, isDamaged: false } : { bytes: generator.damaged(bytes), isDamaged: true };
  });
  const theirs = parseByExpat(documents.map(({ bytes }) => bytes));
  const again = parseByExpat(documents.map(({ bytes }) => inFourthEdition(bytes)));
  const counts: Record<string, number> = {};
  const differences: unknown[] = [];
  for (const [i, { bytes, isDamaged }] of documents.entries()) {
    let outcome = await compare(bytes, theirs[i] ?? null);
    if (outcome.kind === 'DIFFERENT' && theirs[i] === null) {
      outcome = await compare(inFourthEdition(bytes), again[i] ?? null);
      if (outcome.kind === 'same') outcome = { kind: 'fifth edition' };
    }
    const key = `${isDamaged ? 'damaged' : 'whole'}: ${outcome.kind}`;
    counts[key] = (counts[key] ?? 0) + 1;
    if (outcome.kind === 'DIFFERENT') differences.push([i, bytes.toString('latin1'), outcome.detail]);
  }
  return { counts, differences };
}

describeWithPython('XML compared with expat', [], { timeout: 180_000 }, () => {
  it.each([1, 2, 3])('gives the same texts and attributes, and rejects the same documents: seed %d', async (seed) => {
    const { counts, differences } = await compareAll(seed, 2000);
    expect(differences.slice(0, 5)).toEqual([]);
    // Documents that are all rejected, or all of the fifth edition, would prove nothing.
    expect(counts['whole: same']).toBeGreaterThan(400);
    expect(counts['whole: fifth edition']).toBeGreaterThan(50);
    expect(counts['whole: rejected']).toBeLessThan(60);
    expect(counts['damaged: same']).toBeGreaterThan(100);
    expect(counts['damaged: rejected']).toBeGreaterThan(500);
    expect(counts['damaged: documented'] ?? 0).toBeLessThan(30);
  });

  it('gives the same records, and none of a document that is not well-formed without a failure', async () => {
    const generator = createXmlGenerator(4);
    const documents = Array.from({ length: 1000 }, () => {
      const record = (name: string) => Buffer.from(generator.record(name));
      return Buffer.concat([START, record('r'), generator.damaged(record('p:R')), record('r'), END]);
    });
    const theirs = parseByExpat(documents);
    const again = parseByExpat(documents.map(inFourthEdition));
    let accepted = 0;
    for (const [i, document] of documents.entries()) {
      let [tree, found] = [theirs[i] ?? null, await readUntilError(document)];
      // Damage can make letters that came with the fifth edition.
      if (tree === null && found.isWhole)
        [tree, found] = [again[i] ?? null, await readUntilError(inFourthEdition(document))];
      if (tree === null) expect([document.toString(), found.isWhole]).toEqual([document.toString(), false]);
      else expect([document.toString(), found.values]).toEqual([document.toString(), recordsIn(tree).map(valueOf)]);
      if (tree !== null) accepted++;
    }
    expect(accepted).toBeGreaterThan(100);
    expect(accepted).toBeLessThan(800);
  });
});

const [START, END] = [Buffer.from('<?xml version="1.0" encoding="UTF-8"?>\n<l>\n'), Buffer.from('\n</l>')];

/** The outermost elements of the name. */
function recordsIn(node: ExpatNode): readonly ExpatNode[] {
  return node[2].flatMap((inner) =>
    typeof inner === 'string' ? [] : local(inner[0]) === 'r' ? [inner] : recordsIn(inner),
  );
}

/** What is read of a document with several records, whole if nothing was rejected. */
async function readUntilError(document: Buffer): Promise<{ readonly isWhole: boolean; readonly values: unknown[] }> {
  const items: ReadItem[] = [];
  const args = xml.args.parse({ root_element: 'r' });
  try {
    for await (const batch of asParser(xml).read(bytesResource(document, [64], 't.xml'), args, testContext()))
      items.push(...batch);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { isWhole: false, values: [] };
  }
  return { isWhole: !items.some(isFailure), values: outline(items).map(withoutNull) };
}
