import { describe, expect, it } from 'vitest';
import { json } from '../../readers/json.ts';
import { jsonl } from '../../readers/jsonl.ts';
import type { Resource } from '../../src/component/resource.ts';
import type { ReadItem } from '../../src/records/entry.ts';
import { collectGarbage } from '../support/collect-garbage.ts';
import { asParser, bytesResource, outline, readRecords, testContext } from '../support/read-resource.ts';

const MIB = 1024 * 1024;

/** Yields `before`, a text of `mebibytes` and `behind`, without holding them in memory. */
function withLongText(before: string, mebibytes: number, behind: string): Resource {
  // eslint-disable-next-line @typescript-eslint/require-await -- a stream is asynchronous by contract
  async function* stream(): AsyncGenerator<Buffer, void, undefined> {
    yield Buffer.from(before);
    for (let i = 0; i < mebibytes; i++) yield Buffer.alloc(MIB, 'x');
    yield Buffer.from(behind);
  }
  return { name: 'long.json', stream };
}

async function readWithPeak(resource: Resource, args = {}): Promise<{ items: ReadItem[]; peak: number }> {
  const items: ReadItem[] = [];
  let peak = 0;
  for await (const batch of asParser(json).read(
    { ...resource, stream: () => watched(resource.stream()) },
    json.args.parse(args),
    testContext(),
  )) {
    items.push(...batch);
  }
  return { items, peak };

  async function* watched(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
    let count = 0;
    for await (const chunk of chunks) {
      if (count++ % 2 === 0) {
        collectGarbage();
        peak = Math.max(peak, process.memoryUsage().arrayBuffers);
      }
      yield chunk;
    }
  }
}

it('an envelope of 50 MB before and behind its list is not held', async () => {
  collectGarbage();
  const idle = process.memoryUsage().arrayBuffers;
  const before = withLongText('{"text":"', 25, '","items":[{"id":1}],"more":["');
  const behind = withLongText('', 25, '"]}');
  async function* stream(): AsyncGenerator<Buffer, void, undefined> {
    yield* before.stream();
    yield* behind.stream();
  }
  const { items, peak } = await readWithPeak({ name: 'long.json', stream }, { items: '/items' });
  expect(outline(items)).toEqual([{ id: 1 }]);
  expect(peak - idle).toBeLessThan(20 * MIB);
});

describe('a record of 50 MB', () => {
  it.each([
    ['compact', '[{"id":1},{"id":2,"name":"', '"},{"id":3}]'],
    ['pretty', '[\n  {\n    "id": 1\n  },\n  {\n    "id": 2,\n    "name": "', '"\n  },\n  {\n    "id": 3\n  }\n]'],
    ['a line each', '[\n{"id":1},\n{"id":2,"name":"', '"},\n{"id":3}\n]'],
    ['broken behind its text', '[\n{"id":1},\n{"id":2,"name":"', '" oops},\n{"id":3}\n]'],
  ])('is one rejection, is not held, and loses no other: %s', async (_, before, behind) => {
    collectGarbage();
    const idle = process.memoryUsage().arrayBuffers;
    const { items, peak } = await readWithPeak(withLongText(before, 50, behind));
    expect(outline(items)).toEqual([{ id: 1 }, '1:E_RECORD_TOO_LARGE', { id: 3 }]);
    expect(peak - idle).toBeLessThan(45 * MIB);
    expect(items[1]).toMatchObject({ raw: expect.stringMatching(/^\{\s*"id": ?2/) as string });
  });

  it('is one rejection as a line of JSON lines', async () => {
    const resource = withLongText('{"id":1}\n{"id":2,"name":"', 50, '"}\n{"id":3}\n');
    expect(outline(await readRecords(jsonl, resource))).toEqual([{ id: 1 }, '1:E_RECORD_TOO_LARGE', { id: 3 }]);
  });
});

describe('max_record_bytes', () => {
  it.each([
    ['json', json, '[', ',', ']', 'max_record_bytes'],
    ['jsonl', jsonl, '', '\n', '\n', 'max_line_bytes'],
  ] as const)('of %s is exact, however the bytes are cut', async (_, reader, open, separator, close, key) => {
    const text = open + ['{"a":"12"}', '{"a":"123"}', '{"a":"1"}'].join(separator) + close;
    for (const sizes of [[1000], [1], [11], [12], [13, 1]]) {
      expect(outline(await readRecords(reader, bytesResource(text, sizes), { [key]: 10 }))).toEqual([
        { a: '12' },
        '1:E_RECORD_TOO_LARGE',
        { a: '1' },
      ]);
    }
  });
});
