/**
 * Packs a PNG of a screen more tightly without changing a pixel. Chromium stores each row as its difference to another,
 * which is right for photographs; flat areas and repeated letters take a fifth less as they are (208 kB → 171 kB).
 *
 * A PNG is an 8-byte signature, then chunks: length (4), name (4), data, CRC of name and data (4). IHDR is the first of
 * them: width (4), height (4), depth, colour type (2 = RGB), and three bytes that are 0 here. The pixels are the data of
 * all IDAT chunks together, deflated; each row begins with the number of its filter.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE_BYTES = 8;
const PIXEL_BYTES = 3;

export function packPng(png: Buffer): Buffer {
  const header: Buffer[] = [];
  const packed: Buffer[] = [];
  for (let at = SIGNATURE_BYTES; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const name = png.toString('latin1', at + 4, at + 8);
    const data = png.subarray(at + 8, at + 8 + png.readUInt32BE(at));
    if (name === 'IHDR') header.push(data);
    if (name === 'IDAT') packed.push(data);
  }
  const [about] = header;
  if (about?.readUInt16BE(8) !== 0x0802) throw new Error('Expected a PNG of 8 bits in RGB.');
  const rows = plainRows(inflateSync(Buffer.concat(packed)), about.readUInt32BE(0) * PIXEL_BYTES);
  return Buffer.concat([
    png.subarray(0, SIGNATURE_BYTES),
    chunk('IHDR', about),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Undoes the filters; every row then begins with 0 for none. */
function plainRows(filtered: Buffer, rowBytes: number): Buffer {
  const plain = Buffer.alloc(filtered.length);
  for (let start = 0; start < filtered.length; start += rowBytes + 1) {
    const filter = filtered[start] ?? 0;
    for (let at = start + 1; at <= start + rowBytes; at += 1) {
      const hasLeft = at - start > PIXEL_BYTES;
      const left = hasLeft ? (plain[at - PIXEL_BYTES] ?? 0) : 0;
      const above = plain[at - rowBytes - 1] ?? 0;
      const corner = hasLeft ? (plain[at - rowBytes - 1 - PIXEL_BYTES] ?? 0) : 0;
      plain[at] = (filtered[at] ?? 0) + guess(filter, left, above, corner);
    }
  }
  return plain;
}

function guess(filter: number, left: number, above: number, corner: number): number {
  switch (filter) {
    case 0:
      return 0;
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return (left + above) >> 1;
    case 4:
      return nearest(left, above, corner);
    default:
      throw new Error(`Expected a PNG filter from 0 to 4, found ${String(filter)}.`);
  }
}

function nearest(left: number, above: number, corner: number): number {
  const [toLeft, toAbove, toCorner] = [
    Math.abs(above - corner),
    Math.abs(left - corner),
    Math.abs(left + above - 2 * corner),
  ];
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

function chunk(name: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(data.length, 0);
  head.write(name, 4, 'latin1');
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(crc32(data, crc32(name)), 0);
  return Buffer.concat([head, data, tail]);
}
