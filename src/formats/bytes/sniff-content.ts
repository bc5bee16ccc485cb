/** Recognises the kind of content from its first bytes. Code decides by the kind; its text is for messages. */

/** By kind, as part of a sentence: `it is …`. */
export const CONTENT_TEXTS = {
  empty: 'empty',
  blank: 'nothing but white space',
  gzip: 'a gzip file, which the reader "gzip" opens',
  zip: 'a zip archive',
  emptyZip: 'an empty zip archive',
  tar: 'a tar archive, which the reader "tar" opens',
  pdf: 'a PDF document',
  bzip2: 'a bzip2 file',
  xz: 'an xz file',
  zstandard: 'a Zstandard file',
  sevenZip: 'a 7-Zip archive',
  png: 'a PNG image',
  jpeg: 'a JPEG image',
  oldOffice: 'an old Office file, such as .xls, which Excel saves as .xlsx',
  utf16: 'UTF-16 text',
  html: 'an HTML page',
  markup: 'XML or HTML',
  json: 'JSON',
} as const;

export type ContentKind = keyof typeof CONTENT_TEXTS;

const MAGIC: readonly (readonly [ContentKind, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  ['emptyZip', [0x50, 0x4b, 0x05, 0x06]],
  ['pdf', [0x25, 0x50, 0x44, 0x46]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ['zstandard', [0x28, 0xb5, 0x2f, 0xfd]],
  ['sevenZip', [0x37, 0x7a, 0xbc, 0xaf]],
  ['png', [0x89, 0x50, 0x4e, 0x47]],
  ['jpeg', [0xff, 0xd8, 0xff]],
  ['oldOffice', [0xd0, 0xcf, 0x11, 0xe0]],
];

/** Returns undefined if nothing is recognised. */
export function sniffContent(start: Buffer): ContentKind | undefined {
  if (start.length === 0) return 'empty';
  for (const [kind, bytes] of MAGIC) {
    if (bytes.every((byte, i) => start[i] === byte)) return kind;
  }
  if (start.length > 262 && start.toString('latin1', 257, 262) === 'ustar') return 'tar';
  if (isUtf16(start)) return 'utf16';
  const text = start
    .toString('utf8', 0, 512)
    .replace(/^\ufeff/, '')
    .trimStart();
  if (/^<(!doctype\s+html|html|head|body)/i.test(text)) return 'html';
  if (text.startsWith('<')) return 'markup';
  if (/^[{[]/.test(text)) return 'json';
  if (text === '') return 'blank';
  return undefined;
}

/** `an HTML page`, `a gzip file`, … Returns undefined if nothing is recognised. */
export function describeContent(start: Buffer): string | undefined {
  const kind = sniffContent(start);
  return kind === undefined ? undefined : CONTENT_TEXTS[kind];
}

/** By its byte order mark, or by the NUL of its first ASCII character. */
export function isUtf16(start: Buffer): boolean {
  const first = start[0];
  const second = start[1];
  if (first === undefined || second === undefined) return false;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true;
  return (first === 0) !== (second === 0);
}

/** The first bytes as text for a sentence: control characters shown as dots. */
export function firstBytes(start: Buffer, count = 60): string {
  const text = start.toString('utf8', 0, count);
  return JSON.stringify(text.replace(/[\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufffd]+/g, '·'));
}
