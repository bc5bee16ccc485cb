/** What a tar takes of memory, however many members it has and however large one is; and what a resumed read leaves alone. */
import { createGzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { jsonl } from '../../readers/jsonl.ts';
import { tar } from '../../readers/tar.ts';
import type { ReadContext } from '../../src/component/reader.ts';
import type { Resource } from '../../src/component/resource.ts';
import { tarMember, TAR_END } from '../../src/formats/tar/write.ts';
import { readChain, type ChainLink } from '../../src/pipeline/stage/read-chain.ts';
import { buildTarPart, END_MARK } from '../support/build-tar.ts';
import { collectGarbage } from '../support/collect-garbage.ts';
import { asContainer, asParser, testContext, testServices, singly } from '../support/read-resource.ts';

const MIB = 1024 * 1024;

/** A packed tar of so many members of 2 KB, each a line of JSON, made while it is read. */
function packedTar(members: number): Resource {
  function* chunks(): Generator<Buffer> {
    for (let i = 0; i < members; i += 100) {
      const part = Array.from({ length: 100 }, (_, j) => {
        const line = JSON.stringify({
          i: i + j,
          text: Math.sin(i + j)
            .toString(36)
            .repeat(100),
        });
        return tarMember(`records/${String(i + j)}.json`, Buffer.from(line));
      });
      yield Buffer.concat(part);
    }
    yield TAR_END;
  }
  const stream = (): AsyncIterable<Buffer> =>
    Readable.from(chunks(), { objectMode: false }).pipe(createGzip({ level: 1 })) as AsyncIterable<Buffer>;
  return { name: 'records.tar.gz', stream };
}

describe('a packed tar of many members', () => {
  const MEMBERS = 15_000;

  it('takes no more memory at its end than at its beginning', async () => {
    const held: number[] = [];
    let count = 0;
    for await (const { resource } of singly(
      asContainer(tar).read(packedTar(MEMBERS), tar.args.parse({}), testContext()),
    )) {
      for await (const chunk of resource.stream()) expect(chunk.length).toBeGreaterThan(100);
      count += 1;
      if (count % 1_500 !== 0) continue;
      collectGarbage();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      held.push(heapUsed + arrayBuffers);
    }
    expect(count).toBe(MEMBERS);
    const [first = 0, ...later] = held;
    expect(Math.max(...later) - first).toBeLessThan(12 * MIB);
  });

  it('gives a resumed read only what it did not have: nothing before is parsed', async () => {
    let parsed = 0;
    const spied: ChainLink = {
      args: jsonl.args.parse({}),
      reader: {
        ...asParser(jsonl),
        read: (input: Resource, args: unknown, context: ReadContext) => {
          parsed += 1;
          return asParser(jsonl).read(input, args, context);
        },
      },
    };
    const values: unknown[] = [];
    const batches = readChain({
      source: { type: 'file', resources: [packedTar(MEMBERS)] },
      links: [{ reader: asContainer(tar), args: tar.args.parse({}) }, spied],
      after: [0, MEMBERS - 50, 0],
      signal: new AbortController().signal,
      services: testServices(),
      since: undefined,
      warn: () => undefined,
    });
    for await (const { items } of batches)
      values.push(...items.flatMap((item) => ('value' in item ? [item.value] : [])));
    expect(values).toHaveLength(49);
    expect(values[0]).toMatchObject({ i: MEMBERS - 49 });
    // The member of the cursor is looked at once more: it may hold further records.
    expect(parsed).toBe(50);
  });
});

describe('a member of 300 MB', () => {
  it('is not held', async () => {
    const size = 300 * MIB;
    const stream = async function* (): AsyncGenerator<Buffer> {
      yield buildTarPart({ name: 'large', base256: true, claimed: { bytes: size } });
      for (let i = 0; i < 300; i++) yield await Promise.resolve(Buffer.alloc(MIB, 'x'));
      yield END_MARK;
    };
    collectGarbage();
    const idle = process.memoryUsage().arrayBuffers;
    let peak = 0;
    let bytes = 0;
    const members = asContainer(tar).read({ name: 'large.tar', stream }, tar.args.parse({}), testContext());
    for await (const { resource } of singly(members)) {
      for await (const chunk of resource.stream()) {
        bytes += chunk.length;
        if (bytes % (16 * MIB) !== 0) continue;
        collectGarbage();
        peak = Math.max(peak, process.memoryUsage().arrayBuffers);
      }
    }
    expect(bytes).toBe(size);
    expect(peak).toBeGreaterThan(0);
    expect(peak - idle).toBeLessThan(16 * MIB);
  });
});
