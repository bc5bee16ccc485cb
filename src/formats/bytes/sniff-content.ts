/** What bytes look like when they are not what was expected: for messages, and for a `.gz` that was unpacked on the way. */

const MAGIC: readonly (readonly [string, readonly number[]])[] = [
  ['a gzip file, which the reader "gzip" opens', [0x1f, 0x8b]],
  ['a zip archive', [0x50, 0x4b, 0x03, 0x04]],
  ['an empty zip archive', [0x50, 0x4b, 0x05, 0x06]],
  ['a PDF document', [0x25, 0x50, 0x44, 0x46]],
  ['a bzip2 file', [0x42, 0x5a, 0x68]],
  ['an xz file', [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ['a Zstandard file', [0x28, 0xb5, 0x2f, 0xfd]],
  ['a 7-Zip archive', [0x37, 0x7a, 0xbc, 0xaf]],
];

export const TAR = 'a tar archive, which the reader "tar" opens';

/** `an HTML page`, `a gzip file`, …; undefined when nothing is recognised. */
export function sniffContent(start: Buffer): string | undefined {
  if (start.length === 0) return 'empty';
  for (const [name, bytes] of MAGIC) {
    if (bytes.every((byte, i) => start[i] === byte)) return name;
  }
  if (start.length > 262 && start.toString('latin1', 257, 262) === 'ustar') return TAR;
  if (isUtf16(start)) return 'UTF-16 text';
  const text = start
    .toString('utf8', 0, 512)
    .replace(/^\ufeff/, '')
    .trimStart();
  if (/^<(!doctype\s+html|html|head|body)/i.test(text)) return 'an HTML page';
  if (text.startsWith('<')) return 'XML or HTML';
  if (/^[{[]/.test(text)) return 'JSON';
  if (text === '') return 'nothing but white space';
  return undefined;
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
