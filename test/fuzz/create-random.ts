/** Numbers from 0 to below `below`: the same for a seed on every machine (Mulberry32). */
export type Random = (below: number) => number;

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Numbers from 0 to below 1, with the same draws. */
export function createFraction(seed: number): () => number {
  const draw = createRandom(seed);
  return () => draw(2 ** 32) / 2 ** 32;
}
