/** Damaged tars in a small number; `npm run fuzz` makes more of them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tar } from '../../readers/tar.ts';
import type { Resource } from '../../src/component/resource.ts';
import { VocabSyncError } from '../../src/errors.ts';
import { createRandom } from '../fuzz/create-random.ts';
import { fuzzTar, makeTar } from '../fuzz/fuzz-tar.ts';
import { asContainer, bytesResource, contentOf, pathResource, testContext, singly } from '../support/read-resource.ts';
import { tempDir } from '../support/temp-dir.ts';

interface Read {
  readonly members: readonly (readonly [number, string, string])[];
  readonly error: string | undefined;
}

async function read(input: Resource, from: number): Promise<Read> {
  const members: [number, string, string][] = [];
  try {
    for await (const { position, resource } of singly(
      asContainer(tar).read(input, tar.args.parse({}), testContext({ from })),
    )) {
      if (position < from) continue;
      members.push([position, resource.name, String(await contentOf(resource))]);
    }
    return { members, error: undefined };
  } catch (error) {
    if (!(error instanceof VocabSyncError) || error.kind === 'internal') throw error;
    return { members, error: error.code };
  }
}

describe('damaged tars', () => {
  it('give the same records however they arrive, from any place, and end in an error of ours or well', async () => {
    const { records, refused } = await fuzzTar(600, 1);
    expect(records).toBeGreaterThan(200);
    expect(refused).toBeGreaterThan(100);
  });

  it('give the same members by position in a file as in a stream', async () => {
    const path = join(tempDir(), 'fuzz.tar');
    let compared = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const bytes = makeTar(createRandom(seed));
      if (bytes[0] === 0x1f) continue;
      writeFileSync(path, bytes);
      for (const from of [1, 2]) {
        const expected = await read(bytesResource(bytes, [700], 'fuzz.tar'), from);
        expect([seed, await read(pathResource(path), from)]).toEqual([seed, expected]);
        compared += expected.members.length;
      }
    }
    expect(compared).toBeGreaterThan(50);
  });
});
