/**
 * Writes tars block by block, so that a test can make each field lie. Good tars come from here too, to differ in one
 * field only.
 */

export interface TarPart {
  readonly name: string;
  readonly content?: string | Buffer;
  /** `0`, a file, unless given. */
  readonly type?: string;
  readonly linkName?: string;
  /** The form of the header: POSIX unless given. */
  readonly form?: 'posix' | 'gnu' | 'v7';
  /** POSIX only: the prefix of the name, with a `/` between. */
  readonly prefix?: string;
  /** Pax records before the member. */
  readonly pax?: Readonly<Record<string, string>>;
  /** Pax records from here on. */
  readonly globalPax?: Readonly<Record<string, string>>;
  /** Write the name in a GNU extension before the member. */
  readonly longName?: boolean;
  /** Write the size in base 256. */
  readonly base256?: boolean;
  /** What the header says instead of the truth. */
  readonly claimed?: { readonly bytes?: number; readonly checksum?: string; readonly size?: string };
}

export const END_MARK = Buffer.alloc(1024);

export function buildTar(parts: readonly TarPart[]): Buffer {
  return Buffer.concat([...parts.map(buildTarPart), END_MARK]);
}

/** One member with the headers before it, without an end mark. */
export function buildTarPart(part: TarPart): Buffer {
  const content = Buffer.from(part.content ?? '');
  const before = [
    ...(part.globalPax === undefined ? [] : [extension('g', paxOf(part.globalPax))]),
    ...(part.longName === true ? [extension('L', Buffer.from(`${part.name}\0`))] : []),
    ...(part.pax === undefined ? [] : [extension('x', paxOf(part.pax))]),
  ];
  const shortName = part.longName === true ? part.name.slice(0, 100) : part.name;
  return Buffer.concat([...before, header(part, shortName, content.length), padded(content)]);
}

export function paxOf(records: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(records).map(([key, value]) => {
      const rest = ` ${key}=${value}\n`;
      let length = Buffer.byteLength(rest);
      while (String(length).length + Buffer.byteLength(rest) !== length)
        length = String(length).length + Buffer.byteLength(rest);
      return Buffer.from(`${String(length)}${rest}`);
    }),
  );
}

export function extension(type: string, content: Buffer): Buffer {
  return Buffer.concat([header({ name: '././@LongLink', type }, '././@LongLink', content.length), padded(content)]);
}

function header(part: TarPart, name: string, bytes: number): Buffer {
  const { form = 'posix', claimed = {} } = part;
  const block = Buffer.alloc(512);
  block.write(name, 0, 100, 'utf8');
  block.write('0000644\0', 100, 'latin1');
  block.write('0001750\0', 108, 'latin1');
  block.write('0001750\0', 116, 'latin1');
  block.write(claimed.size ?? `${(claimed.bytes ?? bytes).toString(8).padStart(11, '0')}\0`, 124, 12, 'latin1');
  block.write('14371573000\0', 136, 'latin1');
  block.write(part.type ?? (form === 'v7' ? '\0' : '0'), 156, 1, 'latin1');
  block.write(part.linkName ?? '', 157, 100, 'utf8');
  if (form === 'posix') block.write('ustar\x0000', 257, 'latin1');
  if (form === 'gnu') block.write('ustar  \0', 257, 'latin1');
  if (part.prefix !== undefined) block.write(part.prefix, 345, 155, 'utf8');
  if (part.base256 === true) {
    block.fill(0, 124, 136);
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(claimed.bytes ?? bytes), 128);
  }
  block.write('        ', 148, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(claimed.checksum ?? `${sum.toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1');
  return block;
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}
