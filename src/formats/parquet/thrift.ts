/**
 * Walks over a structure of Thrift's compact protocol without keeping anything of it. The library allocates lists of the
 * length that they declare; here it is compared with the bytes that are left.
 */

const MOST_LEVELS = 32;
const [TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, STRUCT] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12];

/** Returns the index after the structure at `start`. Throws Error if it does not fit into the view. */
export function checkStruct(view: DataView, start: number, levels = 0): number {
  if (levels > MOST_LEVELS) throw new Error('its structures are nested too deeply');
  for (let at = start; ;) {
    const head = view.getUint8(at);
    at += 1;
    if ((head & 0x0f) === 0) return at;
    if (head >> 4 === 0) at = skipVarint(view, at);
    const type = head & 0x0f;
    at = type === TRUE || type === FALSE ? at : skip(view, at, type, levels);
  }
}

function skip(view: DataView, at: number, type: number, levels: number): number {
  switch (type) {
    case TRUE:
    case FALSE:
    case BYTE:
      return within(view, at + 1);
    case I16:
    case I32:
    case I64:
      return skipVarint(view, at);
    case DOUBLE:
      return within(view, at + 8);
    case BINARY: {
      const next = skipVarint(view, at);
      return within(view, next + numberAt(view, at));
    }
    case LIST:
      return skipList(view, at, levels + 1);
    case STRUCT:
      return checkStruct(view, at, levels + 1);
    default:
      throw new Error(`it has a field of the unknown type ${String(type)}`);
  }
}

function skipList(view: DataView, start: number, levels: number): number {
  if (levels > MOST_LEVELS) throw new Error('its structures are nested too deeply');
  const head = view.getUint8(start);
  let at = start + 1;
  let count = head >> 4;
  if (count === 15) {
    count = numberAt(view, at);
    at = skipVarint(view, at);
  }
  if (count > view.byteLength - at)
    throw new Error(`it has a list of ${String(count)} items, which do not fit into it`);
  for (let i = 0; i < count; i++) at = skip(view, at, head & 0x0f, levels);
  return at;
}

function within(view: DataView, at: number): number {
  if (at > view.byteLength) throw new Error('it ends within a field');
  return at;
}

function skipVarint(view: DataView, start: number): number {
  for (let at = start; ; at++) if (view.getUint8(at) < 0x80) return at + 1;
}

function numberAt(view: DataView, at: number): number {
  let value = 0;
  for (let i = 0; ; i++) {
    const byte = view.getUint8(at + i);
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return value;
  }
}
