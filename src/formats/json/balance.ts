/**
 * The end of a broken item by its brackets and quotes alone: the first comma or closing bracket that belongs to the
 * array around it. Undefined where brackets do not pair or a quote is missing, because then nothing behind is safe.
 */

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** The view begins with the item. Never 0. */
export function balancedEnd(view: Buffer): number | undefined {
  const open: number[] = [];
  for (let i = 0; i < view.length; i++) {
    const byte = view[i];
    if (byte === QUOTE) {
      const end = stringEnd(view, i + 1);
      if (end === undefined) return undefined;
      i = end;
    } else if (byte === OPEN_LIST || byte === OPEN_OBJECT) open.push(byte);
    else if (open.length === 0) {
      if ((byte === COMMA || byte === CLOSE_LIST) && i > 0) return i;
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      if (open.pop() !== (byte === CLOSE_LIST ? OPEN_LIST : OPEN_OBJECT)) return undefined;
    }
  }
  return undefined;
}

function stringEnd(view: Buffer, from: number): number | undefined {
  for (let i = from; i < view.length; i++) {
    const byte = view[i] as number;
    if (byte === QUOTE) return i;
    if (byte === BACKSLASH) i++;
    else if (byte < 0x20) return undefined;
  }
  return undefined;
}
