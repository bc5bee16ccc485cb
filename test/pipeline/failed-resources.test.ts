import { describe, expect, it } from 'vitest';
import { gzip } from '../../readers/gzip.ts';
import { json } from '../../readers/json.ts';
import type { PlacedResource } from '../../src/component/resource.ts';
import { RecordError } from '../../src/errors.ts';
import { cursorOf, originOf, readChain, type ChainLink } from '../../src/pipeline/stage/read-chain.ts';
import { isFailure } from '../../src/records/entry.ts';
import { formatOrigin, type Cursor } from '../../src/records/origin.ts';
import { asContainer, asParser, bytesResource, testServices } from '../support/read-resource.ts';

const links: readonly ChainLink[] = [{ reader: asParser(json), args: json.args.parse({}) }];
const error = new RecordError('E_RECORD_NO_ID', 'It could not be had.');

// eslint-disable-next-line @typescript-eslint/require-await -- a reader is asynchronous by contract
async function* bundle(): AsyncGenerator<PlacedResource> {
  yield { position: 0, resource: bytesResource('[1]', [3], 'a') };
  yield { position: 1, resource: bytesResource('', [3], 'b'), failure: error };
  yield { position: 2, resource: bytesResource('[2]', [3], 'c') };
}

async function read(after?: Cursor, chain = links, open = bundle) {
  const found: { origin: string; cursor: Cursor; value: unknown }[] = [];
  const batches = readChain({
    source: { type: 'bundled', resources: [], open },
    links: chain,
    ...(after === undefined ? {} : { after }),
    signal: new AbortController().signal,
    services: testServices(),
    since: undefined,
    warn: () => undefined,
  });
  for await (const batch of batches) {
    for (const item of batch.items) {
      const value = isFailure(item) ? item.error.code : item.value;
      found.push({ origin: formatOrigin(originOf(batch, item)), cursor: cursorOf(item), value });
    }
  }
  return found;
}

describe('a resource that could not be had', () => {
  it('is one rejection in its place, and the others are read', async () => {
    expect((await read()).map(({ origin, value }) => [origin, value])).toEqual([
      ['bundled:a > json:0', 1],
      ['bundled:b > json:0', 'E_RECORD_NO_ID'],
      ['bundled:c > json:0', 2],
    ]);
  });

  it('is not told again behind its cursor', async () => {
    const all = await read();
    for (const [i, { cursor }] of all.entries()) expect(await read(cursor)).toEqual(all.slice(i + 1));
  });

  it('has a cursor as long as any other, however many containers follow', async () => {
    const gzipped = { reader: asContainer(gzip), args: gzip.args.parse({}) };
    async function* failing(): AsyncGenerator<PlacedResource> {
      yield await Promise.resolve({ position: 0, resource: bytesResource('', [1], 'a'), failure: error });
    }
    const [failed] = await read(undefined, [gzipped, ...links], failing);
    expect(failed).toEqual({ origin: 'bundled:a > gzip:0 > json:0', cursor: [0, 0, 0], value: 'E_RECORD_NO_ID' });
  });
});
