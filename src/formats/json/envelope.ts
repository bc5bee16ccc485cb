/**
 * A list inside a JSON document, found by a JSON pointer. The rest of the document is skipped as it arrives and
 * never held, so an envelope may be of any size. It is still checked: a document that is truncated or broken after its
 * list is an error and never a success.
 *
 * If a name occurs twice in one object, the first one counts.
 */
import { SourceError } from '../../errors.ts';
import type { ByteWindow } from '../bytes/byte-window.ts';
import { firstBytes } from '../bytes/sniff-content.ts';
import { skipSpace } from './open-json.ts';
import { resetScanner, scanStructure, type StructureScanner } from './structure.ts';

export interface Envelope {
  readonly window: ByteWindow;
  readonly scanner: StructureScanner;
  /** The resource, for messages. */
  readonly name: string;
  /** The steps of the pointer, unescaped. */
  readonly steps: readonly string[];
  /** The error for an end of the stream inside the document. */
  truncated(): SourceError;
}

const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const QUOTE = 0x22;

/** Names that are longer are compared with nothing and shown nowhere. */
const LONGEST_NAME = 64 * 1024;
const NAMES_SHOWN = 12;

/**
 * Goes from the bracket of the document to the bracket of the list. Returns the brackets that are open around it. Throws
 * SourceError E_JSON_ITEMS if the pointer leads to nothing or to something other than a list.
 */
export async function enterList(envelope: Envelope): Promise<Uint8Array> {
  const { window, steps } = envelope;
  const open = new Uint8Array(steps.length);
  for (const [depth, step] of steps.entries()) {
    const bracket = await firstByte(envelope);
    if (bracket !== OPEN_OBJECT && bracket !== OPEN_LIST) throw notAround(envelope, depth, bracket);
    open[depth] = bracket;
    window.advance(1);
    if (bracket === OPEN_OBJECT) await enterMember(envelope, depth, step);
    else await enterElement(envelope, depth, step);
  }
  const found = await firstByte(envelope);
  if (found !== OPEN_LIST) throw notList(envelope, found);
  return open;
}

/** Reads from the end of the list to the end of the document. `open` is what `enterList` returned. */
export async function leaveList(envelope: Envelope, open: Uint8Array): Promise<void> {
  if (open.length === 0) return;
  const { scanner } = envelope;
  resetScanner(scanner);
  scanner.stack.set(open);
  scanner.depth = open.length;
  scanner.state = scanner.afterString = AFTER_VALUE;
  await scanToEnd(envelope);
}

/** The state of a scanner after a value; see structure.ts. */
const AFTER_VALUE = 5;

async function enterMember(envelope: Envelope, depth: number, step: string): Promise<void> {
  const { window } = envelope;
  const names: string[] = [];
  for (let isFirst = true; ; isFirst = false) {
    const byte = await firstByte(envelope);
    if (byte === CLOSE_OBJECT) throw notThere(envelope, depth, namesOf(names));
    if (!isFirst) await expectByte(envelope, COMMA);
    if ((await firstByte(envelope)) !== QUOTE) throw broken(envelope, 0);
    const name = await readName(envelope);
    await expectByte(envelope, COLON);
    await firstByte(envelope);
    if (name === step) return;
    if (name !== undefined && names.length <= NAMES_SHOWN) names.push(name);
    resetScanner(envelope.scanner);
    await scanToEnd(envelope);
    await skipSpace(window);
  }
}

async function enterElement(envelope: Envelope, depth: number, step: string): Promise<void> {
  const wanted = /^(0|[1-9]\d{0,8})$/.test(step) ? Number(step) : Infinity;
  for (let index = 0; ; index++) {
    if ((await firstByte(envelope)) === CLOSE_LIST) {
      throw notThere(envelope, depth, `a list of ${index === 0 ? 'nothing' : String(index)}`);
    }
    if (index > 0) await expectByte(envelope, COMMA);
    await firstByte(envelope);
    if (index === wanted) return;
    resetScanner(envelope.scanner);
    await scanToEnd(envelope);
  }
}

/** Skips the value that is scanned, wherever its bytes are cut, and holds none of them. */
async function scanToEnd(envelope: Envelope): Promise<void> {
  const { window, scanner } = envelope;
  for (;;) {
    const result = scanStructure(scanner, window.view, 0, window.view.length);
    if (result === 'broken') throw broken(envelope, scanner.position);
    window.advance(scanner.position);
    if (result === 'done') return;
    if (!(await window.more())) throw envelope.truncated();
  }
}

/** Returns undefined for a name that is too long to be a step. */
async function readName(envelope: Envelope): Promise<string | undefined> {
  const { window, scanner } = envelope;
  resetScanner(scanner);
  for (let scanned = 0; ; scanned = scanner.position) {
    const result = scanStructure(scanner, window.view, scanned, window.view.length);
    if (result === 'broken') throw broken(envelope, scanner.position);
    if (result === 'done') break;
    if (window.view.length > LONGEST_NAME) {
      window.advance(scanner.position);
      await scanToEnd(envelope);
      return undefined;
    }
    if (!(await window.more())) throw envelope.truncated();
  }
  const text = window.view.toString('utf8', 0, scanner.position);
  try {
    const name = JSON.parse(text) as string;
    window.advance(scanner.position);
    return name;
  } catch {
    // An escape that JSON does not have.
    throw broken(envelope, 0);
  }
}

async function firstByte(envelope: Envelope): Promise<number> {
  await skipSpace(envelope.window);
  const [byte] = envelope.window.view;
  if (byte === undefined) throw envelope.truncated();
  return byte;
}

async function expectByte(envelope: Envelope, expected: number): Promise<void> {
  if ((await firstByte(envelope)) !== expected) throw broken(envelope, 0);
  envelope.window.advance(1);
}

function pointerOf({ steps }: Envelope, depth = steps.length): string {
  const escaped = steps.slice(0, depth).map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  return escaped.join('');
}

function placeOf(envelope: Envelope, depth: number): string {
  return depth === 0 ? 'the document' : pointerOf(envelope, depth);
}

function namesOf(names: readonly string[]): string {
  if (names.length === 0) return 'an object without members';
  const shown = names.slice(0, NAMES_SHOWN).map((name) => firstBytes(Buffer.from(name), 40));
  return `an object with ${shown.join(', ')}${names.length > NAMES_SHOWN ? ' and more' : ''}`;
}

function notThere(envelope: Envelope, depth: number, found: string): SourceError {
  return noItems(
    envelope,
    `expected a list at "${pointerOf(envelope)}", found nothing: ${placeOf(envelope, depth)} is ${found}`,
  );
}

function notAround(envelope: Envelope, depth: number, byte: number): SourceError {
  return noItems(
    envelope,
    `expected a list at "${pointerOf(envelope)}", found nothing: ${placeOf(envelope, depth)} is ${kindOf(byte)}`,
  );
}

function notList(envelope: Envelope, byte: number): SourceError {
  return noItems(envelope, `expected a list at "${pointerOf(envelope)}", found ${kindOf(byte)}`);
}

function noItems({ name, window, steps }: Envelope, what: string): SourceError {
  return new SourceError('E_JSON_ITEMS', `${name}: ${what}. Correct "items" of the reader, or look at the document.`, {
    details: { resource: name, byte: window.offset, steps },
  });
}

function kindOf(byte: number): string {
  if (byte === OPEN_OBJECT) return 'an object';
  if (byte === OPEN_LIST) return 'a list';
  if (byte === QUOTE) return 'a text';
  if (byte === 0x6e) return 'null';
  return byte === 0x74 || byte === 0x66 ? 'true or false' : 'a number';
}

function broken({ name, window }: Envelope, at: number): SourceError {
  const byte = window.offset + at;
  const found = firstBytes(window.view.subarray(at, at + 20), 20);
  return new SourceError(
    'E_JSON_STRUCTURE',
    `${name} is broken at byte ${String(byte)}, outside of its records: unexpected ${found}. Report it to the source.`,
    { details: { resource: name, byte } },
  );
}
