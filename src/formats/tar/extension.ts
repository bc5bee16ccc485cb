/**
 * Parses the blocks before a member that extend its header: pax records (types x and g, POSIX.1-2001) and the long
 * names of GNU (types L and K). `records` of pax: `LENGTH KEY=VALUE\n`, where LENGTH is decimal and includes itself.
 */
import type { TarFault, TarHeader } from './header.ts';

/** The attributes that matter here; the others (times, owners) are of no use to a reader of records. */
export interface TarAttributes {
  readonly path?: string;
  readonly linkPath?: string;
  readonly bytes?: number;
  readonly isSparse?: true;
}

/** Names and a few attributes; a larger one is no tar that anybody wrote on purpose. */
export const MAX_EXTENSION_BYTES = 1024 * 1024;

/** Returns whether a header is one of these, and whether it applies to all members that follow. */
export function extensionScope(type: string): 'member' | 'archive' | undefined {
  if (type === 'g') return 'archive';
  return type === 'x' || type === 'X' || type === 'L' || type === 'K' ? 'member' : undefined;
}

/** `before` with what the content of an extension adds. An empty value of pax takes back what was set. */
export function extendAttributes(before: TarAttributes, type: string, content: Buffer): TarAttributes | TarFault {
  if (type === 'L') return { ...before, path: untilNul(content) };
  if (type === 'K') return { ...before, linkPath: untilNul(content) };
  return parsePax(before, content);
}

export function withAttributes(header: TarHeader, attributes: TarAttributes): TarHeader {
  return {
    ...header,
    name: attributes.path ?? header.name,
    linkName: attributes.linkPath ?? header.linkName,
    type: attributes.isSparse === true ? 'S' : header.type,
    bytes: attributes.bytes ?? header.bytes,
  };
}

const SPACE = 0x20;
const LINE_FEED = 0x0a;
const EQUALS = 0x3d;

function parsePax(before: TarAttributes, content: Buffer): TarAttributes | TarFault {
  const attributes = { ...before } as { -readonly [Key in keyof TarAttributes]: TarAttributes[Key] };
  let at = 0;
  // Some writers pad the records with NULs.
  while (at < content.length && content[at] !== 0) {
    const space = content.indexOf(SPACE, at);
    const digits = space < 0 ? '' : content.toString('latin1', at, Math.min(space, at + 10));
    const length = /^\d+$/.test(digits) ? Number(digits) : NaN;
    const end = at + length;
    const equals = content.indexOf(EQUALS, space);
    if (!(end <= content.length) || equals < 0 || equals >= end || content[end - 1] !== LINE_FEED) {
      return { fault: `its extended header has no proper record at its byte ${String(at)}` };
    }
    const fault = enter(attributes, content.toString('utf8', space + 1, equals), content, equals + 1, end - 1);
    if (fault !== undefined) return fault;
    at = end;
  }
  return attributes;
}

function enter(
  attributes: { -readonly [Key in keyof TarAttributes]: TarAttributes[Key] },
  key: string,
  content: Buffer,
  start: number,
  end: number,
): TarFault | undefined {
  const isUnset = start === end;
  if (key.startsWith('GNU.sparse.')) attributes.isSparse = true;
  if (key === 'path' || key === 'GNU.sparse.name') {
    if (isUnset) delete attributes.path;
    else attributes.path = content.toString('utf8', start, end);
  } else if (key === 'linkpath') {
    if (isUnset) delete attributes.linkPath;
    else attributes.linkPath = content.toString('utf8', start, end);
  } else if (key === 'size') {
    const bytes = Number(content.toString('latin1', start, end));
    if (isUnset) delete attributes.bytes;
    else if (Number.isSafeInteger(bytes) && bytes >= 0) attributes.bytes = bytes;
    else return { fault: 'the size in its extended header is no number' };
  }
  return undefined;
}

function untilNul(content: Buffer): string {
  const nul = content.indexOf(0);
  return content.toString('utf8', 0, nul < 0 ? content.length : nul);
}
