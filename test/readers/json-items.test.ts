/** Lists inside documents: `items` of the reader `json`, and `split`. */
import { describe, expect, it } from 'vitest';
import { json } from '../../readers/json.ts';
import { jsonl } from '../../readers/jsonl.ts';
import { yaml } from '../../readers/yaml.ts';
import { isFailure } from '../../src/records/entry.ts';
import { bytesResource, errorOf, outline, readRecords, testContext } from '../support/read-resource.ts';

const CHUNKINGS = [[65_536], [1], [7, 1, 3]];
const ITEMS = [{ id: 1, a: 'ä"]}' }, { id: 2 }, { id: 12345678 }];

const envelope = {
  meta: { total: 3, text: 'a "quoted" ] } text \\', items: [{ id: 'wrong' }] },
  'a/b~c': null,
  data: { empty: {}, none: [], numbers: [1.5, -2e3, [true, false, null]], items: ITEMS, after: [{ id: 'wrong' }] },
  end: { items: [{ id: 'wrong' }] },
};

const nested = [{ list: [] }, { list: ITEMS, 'a/b~c': { '': [{ id: 'deep' }] } }] as const;

describe('json with items', () => {
  it.each([
    ['a list in an envelope', envelope, '/data/items', ITEMS],
    ['an empty list', envelope, '/data/none', []],
    ['the document itself', ITEMS, '', ITEMS],
    ['a place in a list', nested, '/1/list', ITEMS],
    ['names that need escapes, and an empty one', nested, '/1/a~1b~0c/', [{ id: 'deep' }]],
    ['values of any kind', envelope, '/data/numbers', [1.5, -2000, [true, false, null]]],
  ])('reads %s, however it is written and cut', async (_, document, items, expected) => {
    for (const indent of [undefined, 2, '\t']) {
      const text = JSON.stringify(document, null, indent);
      for (const sizes of CHUNKINGS) {
        expect(outline(await readRecords(json, bytesResource(text, sizes), { items }))).toEqual(expected);
      }
    }
  });

  it('reads names that are written with escapes', async () => {
    const text = String.raw`{"d\u0061ta": {"\u00e4": [{"id": 1}]}}`;
    expect(outline(await readRecords(json, bytesResource(text, [1]), { items: '/data/ä' }))).toEqual([{ id: 1 }]);
  });

  it('gives positions in the list, bytes in the document, and numbers with all their digits', async () => {
    const text = '{"n": 5, "items": [{"id": 1}, {"id": oops}, {"id": 12345678901234567890}]}';
    const [first, broken, last] = await readRecords(json, bytesResource(text), { items: '/items' });
    expect(first).toEqual({ position: 0, value: { id: 1 } });
    expect(broken).toMatchObject({ position: 1, raw: '{"id": oops}', error: { details: { position: 1, byte: 30 } } });
    expect(last).toEqual({ position: 2, value: { id: '12345678901234567890' } });
    const from = await readRecords(json, bytesResource(text), { items: '/items' }, testContext({ from: 2 }));
    expect(from).toEqual([last]);
  });

  it('is never a success, wherever the document is cut', async () => {
    const text = JSON.stringify(envelope);
    for (let length = 1; length < text.length; length++) {
      const error = await errorOf(readRecords(json, bytesResource(text.slice(0, length)), { items: '/data/items' }));
      expect([text.slice(0, length), error.code]).toEqual([text.slice(0, length), 'E_JSON_TRUNCATED']);
    }
  });

  it.each([
    ['{"data":{"itmes":[]}}', 'E_JSON_ITEMS', '"itmes"'],
    ['{"data":{}}', 'E_JSON_ITEMS', 'without members'],
    ['{"data":{"items":{"a":1}}}', 'E_JSON_ITEMS', 'found an object'],
    ['{"data":{"items":null}}', 'E_JSON_ITEMS', 'found null'],
    ['{"data":[1,2]}', 'E_JSON_ITEMS', 'a list of 2'],
    ['{"data":"text"}', 'E_JSON_ITEMS', 'a text'],
    ['[]', 'E_JSON_ITEMS', 'a list of nothing'],
    ['{"data":{"items":[1]} oops}', 'E_JSON_STRUCTURE', 'oops'],
    ['{"x" 1,"data":{"items":[1]}}', 'E_JSON_STRUCTURE', 'byte 5'],
    ['{"data":{"items":[1]}} {}', 'E_JSON_STRUCTURE', 'end'],
    ['<html></html>', 'E_JSON_NOT_JSON', 'HTML'],
  ])('says what is wrong with %s', async (text, code, words) => {
    for (const sizes of CHUNKINGS) {
      const error = await errorOf(readRecords(json, bytesResource(text, sizes), { items: '/data/items' }));
      expect(error.code).toBe(code);
      expect(error.message).toContain(words);
    }
  });

  it.each([
    ['in the middle', [ITEMS[0], 'x', ITEMS[1]], [ITEMS[0], '1:E_RECORD_SYNTAX', ITEMS[1]]],
    ['at the end', [ITEMS[0], ITEMS[1], 'x'], [ITEMS[0], ITEMS[1], '2:E_RECORD_SYNTAX']],
  ])('loses a broken record %s, and takes none of another list', async (_, items, expected) => {
    const text = JSON.stringify({ data: { items, after: [{ id: 'wrong' }, { id: 'wrong' }] } }, null, 2);
    const broken = text.replace('"x"', '{\n        "id": "y\n      }');
    for (const sizes of CHUNKINGS) {
      expect(outline(await readRecords(json, bytesResource(broken, sizes), { items: '/data/items' }))).toEqual(
        expected,
      );
    }
  });

  it('ends where a compact record is broken beyond its brackets', async () => {
    const text = '{"items":[{"id":1},{"id":[2},{"id":3}],"after":[{"id":4},{"id":5}]}';
    const read = readRecords(json, bytesResource(text), { items: '/items' });
    expect((await errorOf(read)).code).toBe('E_JSON_STRUCTURE');
  });
});

describe('one object with one long list', () => {
  const list = Array.from({ length: 12 }, (_, id) => ({ id }));

  it.each([
    ['the list of an envelope', { meta: {}, data: { items: list } }, '/data/items'],
    ['the list that is far longer than the others', { facets: list.slice(0, 2), results: list }, '/results'],
  ])('is a warning that names %s', async (_, document, pointer) => {
    const context = testContext();
    expect(await readRecords(json, bytesResource(JSON.stringify(document)), {}, context)).toHaveLength(1);
    expect(context.warnings).toMatchObject([
      { code: 'W_JSON_ENVELOPE', message: expect.stringContaining(`"items": "${pointer}"`) as string },
    ]);
  });

  it.each([
    ['several lists', { names: list, links: list }],
    ['a list of texts', { names: list.map(({ id }) => String(id)) }],
    ['a short list', { names: list.slice(0, 9) }],
  ])('is a record like any other with %s', async (_, document) => {
    const context = testContext();
    expect(outline(await readRecords(json, bytesResource(JSON.stringify(document)), {}, context))).toEqual([document]);
    expect(context.warnings).toEqual([]);
  });

  it('that is too large to be one record names the remedy', async () => {
    const text = JSON.stringify({ data: { items: list } });
    const [item] = await readRecords(json, bytesResource(text), { max_record_bytes: 50 });
    if (item === undefined || !isFailure(item)) throw new Error('it should be rejected');
    expect(item.error).toMatchObject({
      code: 'E_RECORD_TOO_LARGE',
      message: expect.stringContaining('"items"') as string,
    });
  });
});

describe('split', () => {
  const documents = [
    { country: 'CH', inner: { code: 1, list: [{ id: 'a' }, { id: 'b' }] } },
    { country: 'AT', inner: { code: 2, list: [] } },
    { country: 'LI' },
    { country: 'DE', inner: { list: [{ id: 'c', country: 'x' }, 'text'] } },
  ];
  const text = JSON.stringify(documents);

  it('makes a record of each item, with positions that count them', async () => {
    const args = { split: { list: '/inner/list', required: false } };
    const all = await readRecords(json, bytesResource(text), args);
    expect(all.map(({ position }) => position)).toEqual([0, 1, 2, 3]);
    expect(outline(all)).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'c', country: 'x' }, 'text']);
    for (const from of [1, 2, 4]) {
      expect(await readRecords(json, bytesResource(text), args, testContext({ from }))).toEqual(all.slice(from));
    }
    const lines = documents.map((document) => JSON.stringify(document)).join('\n');
    expect(await readRecords(jsonl, bytesResource(lines), args)).toEqual(all);
    const list = documents.map((document) => `- ${JSON.stringify(document)}`).join('\n');
    expect(await readRecords(yaml, bytesResource(list), args)).toEqual(all);
  });

  it('puts the rest of the document into each, and rejects what has no list or no room for it', async () => {
    const args = { split: { list: '/inner/list', parent: 'country' } };
    expect(outline(await readRecords(json, bytesResource(text), args))).toEqual([
      { id: 'a', country: { country: 'CH', inner: { code: 1 } } },
      { id: 'b', country: { country: 'CH', inner: { code: 1 } } },
      '2:E_RECORD_TYPE',
      '3:E_RECORD_TYPE',
      '4:E_RECORD_TYPE',
    ]);
  });

  it('rejects a document whose rest is too large to be repeated, and hands broken ones on', async () => {
    const large = JSON.stringify([{ text: 'x'.repeat(70_000), list: [{}, {}] }, { list: [{ id: 1 }] }]);
    const args = { split: { list: '/list', parent: 'document' } };
    expect(outline(await readRecords(json, bytesResource(large), args))).toEqual([
      '0:E_RECORD_TOO_LARGE',
      { id: 1, document: {} },
    ]);
    const broken = '[{"list":[1,2]},{"list":oops},{"list":[3]}]';
    expect(outline(await readRecords(json, bytesResource(broken), { split: { list: '/list' } }))).toEqual([
      1,
      2,
      '2:E_RECORD_SYNTAX',
      3,
    ]);
  });

  it('recognises no document by its bytes, as they do not say how many records it has', async () => {
    const recognise = () => ({ digest: '0123456789abcdef', isKnown: true });
    const items = await readRecords(
      json,
      bytesResource(text),
      { split: { list: '/inner/list', required: false } },
      testContext({ recognise }),
    );
    expect(items).toHaveLength(4);
    expect(items[0]).toEqual({ position: 0, value: { id: 'a' } });
  });
});
