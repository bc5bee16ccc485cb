/** Writes zips byte by byte, so that a test can make each field lie. Good zips come from here too, to differ in one field only. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipPart {
  readonly name: string;
  readonly content: string | Buffer;
  /** 8 unless given. */
  readonly method?: number;
  /** What the headers say instead of the truth. */
  readonly claimed?: {
    readonly bytes?: number;
    readonly packedBytes?: number;
    readonly crc32?: number;
    readonly method?: number;
    readonly flags?: number;
    readonly headerOffset?: number;
  };
}

export interface ZipClaims {
  /** A zip64 end record with this count of members. */
  readonly zip64Count?: number;
}

/** The fields that the local and the central header share, from "version needed" to "extra field length". */
function commonHeader(part: ZipPart, packed: Buffer): Buffer {
  const { claimed = {} } = part;
  const content = Buffer.from(part.content);
  const header = Buffer.alloc(26);
  header.writeUInt16LE(20, 0);
  header.writeUInt16LE(claimed.flags ?? 0x800, 2);
  header.writeUInt16LE(claimed.method ?? part.method ?? 8, 4);
  header.writeUInt16LE(0, 6);
  header.writeUInt16LE(0x5821, 8);
  header.writeUInt32LE(claimed.crc32 ?? crc32(content), 10);
  header.writeUInt32LE(claimed.packedBytes ?? packed.length, 14);
  header.writeUInt32LE(claimed.bytes ?? content.length, 18);
  header.writeUInt16LE(Buffer.byteLength(part.name), 22);
  header.writeUInt16LE(0, 24);
  return header;
}

export function buildZip(parts: readonly ZipPart[], claims: ZipClaims = {}): Buffer {
  const chunks: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const part of parts) {
    const content = Buffer.from(part.content);
    const packed = (part.method ?? 8) === 8 ? deflateRawSync(content, { level: 9 }) : content;
    const header = commonHeader(part, packed);
    const name = Buffer.from(part.name);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(part.claimed?.headerOffset ?? offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), header, tail, name]));
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), header, name, packed]);
    chunks.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  return Buffer.concat([
    ...chunks,
    central,
    zip64End(offset, central.length, claims),
    end(parts.length, offset, central),
  ]);
}

function end(count: number, offset: number, central: Buffer): Buffer {
  const record = Buffer.alloc(22);
  record.write('PK\x05\x06', 'latin1');
  record.writeUInt16LE(count, 8);
  record.writeUInt16LE(count, 10);
  record.writeUInt32LE(central.length, 12);
  record.writeUInt32LE(offset, 16);
  return record;
}

function zip64End(offset: number, centralBytes: number, { zip64Count }: ZipClaims): Buffer {
  if (zip64Count === undefined) return Buffer.alloc(0);
  const record = Buffer.alloc(56);
  record.write('PK\x06\x06', 'latin1');
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(BigInt(zip64Count), 24);
  record.writeBigUInt64LE(BigInt(zip64Count), 32);
  record.writeBigUInt64LE(BigInt(centralBytes), 40);
  record.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(20);
  locator.write('PK\x06\x07', 'latin1');
  locator.writeBigUInt64LE(BigInt(offset + centralBytes), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator]);
}
