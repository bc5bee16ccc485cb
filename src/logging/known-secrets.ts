/**
 * The values that are masked wherever they occur. A value is known to the process (settings) or to one scope (a step of a
 * run): the secrets of one job never mask the messages of another, and they are forgotten when the step ends.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { partsOfSecret, type SecretPart } from './secret-parts.ts';

export const MASK = '***';
/** Shorter values are words that occur by chance; masking them would garble every sentence. */
export const SHORTEST_SECRET = 6;
/** A cut quotation of a long value still begins with this many of its characters. */
const HEAD_CHARACTERS = 12;
const LONG_SECRET = 24;

interface Form {
  readonly text: string;
  /** A beginning of `text` that identifies it; all of `text` where it is short. */
  readonly head: string;
  readonly mask: string;
  /** Any beginning of an address may be public; that of another secret is not. */
  readonly isAddress: boolean;
}

interface SecretSet {
  readonly forms: Map<string, Form>;
  /** Longest first, together with those of the process: a secret that contains another is masked whole. */
  sorted: readonly Form[] | undefined;
}

const ofProcess = createSet();
const scopes = new AsyncLocalStorage<SecretSet>();
/** Raised when the process learns a value, so that scopes sort again. */
let generation = 0;
const sortedAt = new WeakMap<SecretSet, number>();

/** Runs `work` with its own set of secrets. What it resolves is masked only in what it does itself. */
export function withOwnSecrets<T>(work: () => T): T {
  return scopes.run(createSet(), work);
}

/** Masks this value and its parts from now on: in the current scope, or in the whole process outside of any. */
export function rememberSecret(value: string): void {
  const set = scopes.getStore() ?? ofProcess;
  for (const part of partsOfSecret(value)) {
    if (part.text.length < SHORTEST_SECRET || set.forms.has(part.text)) continue;
    set.forms.set(part.text, toForm(part));
    set.sorted = undefined;
    if (set === ofProcess) generation += 1;
  }
}

/** Returns `text` without the known values. Takes time in proportion to the text. */
export function maskKnown(text: string): string {
  let safe = text;
  const forms = formsInForce();
  for (const form of forms) safe = maskForm(safe, form, forms);
  return safe;
}

function createSet(): SecretSet {
  return { forms: new Map(), sorted: undefined };
}

function formsInForce(): readonly Form[] {
  const scope = scopes.getStore();
  const set = scope ?? ofProcess;
  if (set.sorted === undefined || sortedAt.get(set) !== generation) {
    const all = scope === undefined ? [...set.forms.values()] : [...set.forms.values(), ...ofProcess.forms.values()];
    set.sorted = all.sort((a, b) => b.text.length - a.text.length);
    sortedAt.set(set, generation);
  }
  return set.sorted;
}

/** An address, also percent-encoded: its beginning is public, so all of it identifies the secret. */
const ADDRESS = /^[a-z][a-z0-9+.-]*(?::|%3a|%253a)/i;
const SCHEME = /^[a-z]+ +/i;

function toForm({ text, keep = '' }: SecretPart): Form {
  const shown = keep === '' ? (SCHEME.exec(text)?.[0].length ?? 0) : keep.length;
  const isWhole = text.length - shown < LONG_SECRET || (keep === '' && ADDRESS.test(text));
  const head = isWhole ? text : text.slice(0, shown + HEAD_CHARACTERS);
  return { text, head, mask: `${keep}${MASK}`, isAddress: keep !== '' || ADDRESS.test(text) };
}

/**
 * Masks `form` in `text`. A head is shared by several encodings of one secret, so the mask reaches as far as the
 * encoding that has most in common with the text.
 */
function maskForm(text: string, { head, mask }: Form, forms: readonly Form[]): string {
  let found = text.indexOf(head);
  if (found === -1) return text;
  let safe = '';
  let from = 0;
  while (found !== -1) {
    let end = found + head.length;
    for (const other of forms) {
      const length = commonLength(text, found, other.text);
      if (!other.isAddress || length >= other.head.length) end = Math.max(end, found + length);
    }
    safe += text.slice(from, found) + mask;
    from = end;
    found = text.indexOf(head, from);
  }
  return safe + text.slice(from);
}

/** The number of characters from `start` of `text` that are the beginning of `whole`. */
function commonLength(text: string, start: number, whole: string): number {
  let length = 0;
  while (length < whole.length && text.charCodeAt(start + length) === whole.charCodeAt(length)) length += 1;
  return length;
}
