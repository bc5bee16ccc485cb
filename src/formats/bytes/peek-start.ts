/** Looks at the first bytes of a stream before it is read. */

/** At least `wanted` bytes, fewer only at the end of the stream. */
export async function peekStart(chunks: AsyncIterator<Buffer>, wanted: number): Promise<Buffer> {
  let start: Buffer = Buffer.alloc(0);
  while (start.length < wanted) {
    const next = await chunks.next();
    if (next.done === true) break;
    start = start.length === 0 ? next.value : Buffer.concat([start, next.value]);
  }
  return start;
}

/** The whole stream again: `start`, then the rest. Closes the iterator. */
export async function* startingWith(
  start: Buffer,
  rest: AsyncIterator<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    if (start.length > 0) yield start;
    for (;;) {
      const next = await rest.next();
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await rest.return?.();
  }
}
