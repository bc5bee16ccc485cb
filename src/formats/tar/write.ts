/** Members of a plain tar, as bytes to append: POSIX headers, names and sizes that fit into them. */
import { InternalError } from '../../errors.ts';
import { BLOCK_BYTES } from './header.ts';

/** The end mark. */
export const TAR_END = Buffer.alloc(2 * BLOCK_BYTES);

/** Writes the header, the content and its padding. The name has at most 100 bytes, because vocab-sync chooses it. */
export function tarMember(name: string, content: Buffer): Buffer {
  const padding = (BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES;
  return Buffer.concat([tarHeader(name, content.length), content, Buffer.alloc(padding)]);
}

function tarHeader(name: string, bytes: number): Buffer {
  if (name === '' || Buffer.byteLength(name) > 100) {
    throw new InternalError('E_INTERNAL', `A member of a bundle needs a name of 1 to 100 bytes, not ${name}.`);
  }
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(name, 0, 'utf8');
  block.write('0000644\0', 100, 'latin1');
  block.write('0000000\0', 108, 'latin1');
  block.write('0000000\0', 116, 'latin1');
  block.write(`${bytes.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  // A time of its own would make equal bundles differ.
  block.write('00000000000\0', 136, 'latin1');
  block.write('0', 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  block.write('        ', 148, 'latin1');
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
