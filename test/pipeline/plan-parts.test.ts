import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { file } from '../../readers/file.ts';
import { json } from '../../readers/json.ts';
import { zip } from '../../readers/zip.ts';
import type { Engine } from '../../src/pipeline/engine.ts';
import { partsToStage, planParts } from '../../src/pipeline/fetch/plan-parts.ts';
import { compareCursors } from '../../src/records/origin.ts';
import type { FetchedFile } from '../../src/records/source.ts';
import { asContainer, testServices } from '../support/read-resource.ts';

/** A container of members of equal size, ten positions apart, as many as a file has bytes. */
const evenly = {
  ...asContainer(zip),
  split: ({ bytes = 0 }: { bytes?: number }, _args: unknown, { parts }: { parts: number }) => {
    const most = Math.max(1, Math.min(parts, bytes));
    return Promise.resolve(Array.from({ length: most }, (_, i) => 10 * Math.floor((bytes * i) / most)));
  },
};
const parser = { reader: json, args: {} };

function plan(sizes: readonly number[], most: number, container: 'splits' | 'no container') {
  const files = sizes.map((bytes, i): FetchedFile => ({ name: String(i), path: `/${String(i)}`, bytes, digest: '' }));
  const links = container === 'splits' ? [{ reader: evenly, args: {} }, parser] : [parser];
  const engine = { cutting: { mostParts: most, leastBytes: 1 }, services: testServices() } as unknown as Engine;
  return planParts(engine, { source: { reader: file, args: {} }, links }, files, {
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
}

describe('the parts of a source', () => {
  it('follow each other in source order and hold everything once', async () => {
    const sizes = fc.array(fc.nat({ max: 500 }), { maxLength: 12 });
    const containers = fc.constantFrom('splits' as const, 'no container' as const);
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 9 }), containers, async (files, most, container) => {
        const parts = partsToStage({ version: { name: '', version: '' }, ...(await partsOf(files, most, container)) });
        if (parts[0] === undefined) return;
        const total = files.reduce((sum, bytes) => sum + bytes, 0);
        expect(parts[0]).toMatchObject({ from: [0], start: 0 });
        expect(parts.at(-1)?.until).toBeNull();
        for (const [i, part] of parts.entries()) {
          const next = parts[i + 1];
          if (part === undefined || next === undefined) continue;
          expect(part.until).toEqual(next.from);
          expect(compareCursors(part.from, next.from)).toBeLessThan(0);
          expect(next.start).toBe(part.start + part.bytes);
        }
        expect(parts.reduce((sum, part) => sum + (part?.bytes ?? 0), 0)).toBe(total);
        // A file that is cut may give each of its neighbours one part more.
        expect(parts.length).toBeLessThanOrEqual(2 * most + 1);
      }),
      { numRuns: 300 },
    );
  });

  it('are about equal where one file is cut, and where many small ones are put together', async () => {
    const one = (await plan([8000], 8, 'splits')) ?? [];
    expect(one.map(({ bytes }) => bytes)).toEqual(Array.from({ length: 8 }, () => 1000));
    const small =
      (await plan(
        Array.from({ length: 100 }, () => 80),
        8,
        'no container',
      )) ?? [];
    expect(small.length).toBeGreaterThanOrEqual(8);
    for (const { bytes } of small) expect(bytes).toBeLessThanOrEqual(1000);
  });

  it('are not there where one file cannot be cut', async () => {
    expect(await plan([8000], 8, 'no container')).toBeUndefined();
    expect(await plan([8000], 1, 'splits')).toBeUndefined();
  });
});

async function partsOf(files: readonly number[], most: number, container: 'splits' | 'no container') {
  const parts = await plan(files, most, container);
  return parts === undefined ? {} : { parts };
}
