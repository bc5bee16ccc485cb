/** Damages bytes: cut, doubled, overwritten, with a piece that means something in the format, with a part of another input. */
import type { Random } from './create-random.ts';

export interface Mutation {
  /** What inputs are made from. */
  readonly seeds: readonly Buffer[];
  /** What has a meaning in the format. */
  readonly pieces: readonly Buffer[];
}

export function mutateBytes({ seeds, pieces }: Mutation, random: Random): Buffer {
  let bytes: Buffer = pick(seeds, random);
  for (let changes = 1 + random(4); changes > 0; changes--) bytes = mutateOnce(bytes, seeds, pieces, random);
  return bytes;
}

export function pick(from: readonly Buffer[], random: Random): Buffer {
  return from[random(from.length)] ?? Buffer.alloc(0);
}

function mutateOnce(bytes: Buffer, seeds: readonly Buffer[], pieces: readonly Buffer[], random: Random): Buffer {
  const at = random(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + random(random(4) === 0 ? bytes.length + 1 : 16));
  const [before, inside, after] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
  switch (random(9)) {
    case 0:
      return Buffer.concat([before, after]);
    case 1:
      return Buffer.concat([before, inside, inside, after]);
    case 2:
    case 3:
      return Buffer.concat([before, pick(pieces, random), inside, after]);
    case 4:
      return Buffer.concat([before, pick(pieces, random), after]);
    case 5:
      return Buffer.concat([before, Buffer.from([random(256)]), bytes.subarray(at + 1)]);
    case 6:
      return random(3) === 0 ? Buffer.from(before) : flipBit(bytes, at, random);
    case 7: {
      const other = pick(seeds, random);
      const from = random(other.length + 1);
      return Buffer.concat([before, other.subarray(from, from + random(300)), inside, after]);
    }
    default:
      return Buffer.concat([before, Buffer.from(inside).reverse(), after]);
  }
}

function flipBit(bytes: Buffer, at: number, random: Random): Buffer {
  const flipped = Buffer.from(bytes);
  const byte = flipped[at];
  if (byte !== undefined) flipped[at] = byte ^ (1 << random(8));
  return flipped;
}
