import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { yaml } from '../../readers/yaml.ts';
import { isFailure } from '../../src/records/entry.ts';
import { fixtureRecords, formatFixtures } from '../support/format-fixtures.ts';
import { bytesResource, errorOf, outline, pathResource, readRecords, testContext } from '../support/read-resource.ts';
import { sharedData } from '../support/shared-data.ts';

const read = (text: string, args: object = {}, sizes: readonly number[] = [7]) =>
  readRecords(yaml, bytesResource(text, sizes, 'test.yaml'), args);

describe('yaml', () => {
  it.each(formatFixtures('yaml', 'ok'))('reads $name', async ({ path, name }) => {
    expect(outline(await readRecords(yaml, pathResource(path)))).toEqual(fixtureRecords);
    const bytes = readFileSync(path);
    expect(outline(await readRecords(yaml, bytesResource(bytes, [1], name)))).toEqual(fixtureRecords);
  });

  it.each(formatFixtures('yaml', 'bad').filter(({ code }) => !code.startsWith('E_RECORD')))(
    'refuses $name with its code',
    async ({ path, code, name }) => {
      const error = await errorOf(readRecords(yaml, pathResource(path)));
      expect(error.code).toBe(code);
      expect(error.message).toContain(name);
    },
  );

  it.each(formatFixtures('yaml', 'bad').filter(({ code }) => code.startsWith('E_RECORD')))(
    'loses one item of $name and no other',
    async ({ path, code }) => {
      const items = await readRecords(yaml, pathResource(path));
      expect(items.filter(isFailure).map(({ error }) => error.code)).toEqual([code]);
      expect(items).toHaveLength(3);
    },
  );

  it('says where a broken item begins', async () => {
    const items = await read('# list\n\n- a: 1\n- b: [\n- c: 3\n');
    expect(items).toMatchObject([
      { position: 0, value: { a: 1 } },
      { position: 1, raw: '- b: [\n', error: { code: 'E_RECORD_SYNTAX', details: { line: 4, byte: 15 } } },
      { position: 2, value: { c: 3 } },
    ]);
  });

  it('takes words and dates for texts, and keys for data', async () => {
    const items = await read(
      '- {no: yes, on: off, date: 2024-01-01, __proto__: {a: 1}, 1: one}\n- <<: {a: 1}\n  b: 2\n',
    );
    expect(items[0]).toMatchObject({ value: { no: 'yes', on: 'off', date: '2024-01-01', 1: 'one' } });
    expect(Object.keys((items[0] as { value: object }).value)).toContain('__proto__');
    expect(items[1]).toMatchObject({ value: { a: 1, b: 2 } });
  });

  it('takes for a number only what PyYAML too takes for that number', async () => {
    const texts = ['08', '010', '0o17', '12e5', '1e3', '012e34567', '6.02E23', '1_000', '1:30', '-.5'];
    const large = ['12345678901234567890', '-9007199254740993'];
    for (const text of [...texts, ...large]) expect(outline(await read(`- ${text}\n`))).toEqual([text]);
    const numbers = '- [0, 7, -1, +2, 0x1F, 1.0, 1.50, .5, 5., 1.0e+3, 9007199254740991]\n';
    expect(outline(await read(numbers))).toEqual([[0, 7, -1, 2, 31, 1, 1.5, 0.5, 5, 1000, 9007199254740991]]);
    expect(outline(await read('- a: .inf\n'))).toEqual(['0:E_RECORD_SYNTAX']);
  });

  it('keeps the digits of a number that a double cannot hold', async () => {
    const texts = [
      '0xFFFFFFFFFFFFFFFFFF',
      '0x20000000000001',
      '1.0e+400',
      '1.0e-400',
      '9007199254740993.0',
      '+9007199254740993',
    ];
    for (const text of texts) expect(outline(await read(`- ${text}\n`))).toEqual([text]);
    expect(outline(await read('- [0x1fffffffffffff, 1.0e+300, 0.12345678901234567890]\n'))).toEqual([
      [9007199254740991, 1e300, 0.12345678901234568],
    ]);
  });

  it('takes for texts what PyYAML writes for texts, keys too', async () => {
    const text = "- id: 1e+3\n  code: -1E+02\n  1e+3: key\n  note: 'line one\u2028    line two'\n- id: next\n";
    expect(outline(await read(text))).toEqual([
      { id: '1e+3', code: '-1E+02', '1e+3': 'key', note: 'line one\u2028line two' },
      { id: 'next' },
    ]);
  });

  it('takes keys as they are written', async () => {
    const keys = ['1.50', '0x1F', '012', '1_000', '~', 'null', 'true', 'no', '2024-01-01', '.inf', '1:30', '-0', ''];
    const value = Object.fromEntries(keys.map((key) => [key, 'v']));
    for (const text of [
      `- ${keys.map((key) => `${key === '' ? "''" : key}: v`).join('\n  ')}\n`,
      `- {${keys.map((key) => `${key === '' ? "''" : key}: v`).join(', ')}}\n`,
    ]) {
      expect(outline(await read(text))).toEqual([value]);
    }
    for (const key of ['[a]', '{a: 1}', '*x ']) {
      expect(outline(await read(`- {b: &x c, ? ${key} : v}\n`))).toEqual(['0:E_RECORD_SYNTAX']);
    }
  });

  it.each([
    '[{id: a}]\n---\n[{id: b}]\n',
    '---\n[{id: a}]\n--- [{id: b}]\n',
    '[{id: a}]\n...\n[{id: b}]\n',
    '- id: a\n---\n- id: b\n',
    '- id: a\n--- # more\n[{id: b}]\n',
    '- id: a\n...\n- id: b\n',
    '- id: a\n... # end\n%YAML 1.2\n---\n- id: b\n',
    '  - id: a\n--- {id: b}\n',
    '# first\n---\n- id: a\n\n\n--- |\n text\n',
  ])('refuses a second document: %j', async (text) => {
    const error = await errorOf(read(text));
    expect(error.code).toBe('E_YAML_STRUCTURE');
    expect(error.message).toMatch(/document|behind a list/);
  });

  it.each([
    '- id: a\n... # comment\n',
    '- id: a\n...\t\n# end\n',
    '%YAML 1.1\n--- # a\n- id: a\n...\n',
    '[{id: a}]\n... # end\n',
  ])('takes the end of the document for its end: %j', async (text) => {
    expect(outline(await read(text))).toEqual([{ id: 'a' }]);
  });

  it('rejects an item above the limit, and goes on behind it', async () => {
    const long = `- a: ${'x'.repeat(5000)}\n`;
    const many = `- b:\n${'    - y\n'.repeat(1000)}`;
    const items = await read(`- 1\n${long}- 2\n${many}- 3\n`, { max_record_bytes: 500 });
    expect(outline(items)).toEqual([1, '1:E_RECORD_TOO_LARGE', 2, '3:E_RECORD_TOO_LARGE', 3]);
  });

  it('reads an item of very many names in the time that it takes to read them', { timeout: 120_000 }, async () => {
    const names = Array.from({ length: 60_000 }, (_, i) => `k${String(i)}: ${String(i)}`);
    const before = process.cpuUsage();
    const items = await read(`- {${names.join(', ')}}\n- 2\n`, { max_record_bytes: 8 << 20 }, [65_536]);
    expect(Object.keys((items[0] as { value: object }).value)).toHaveLength(60_000);
    expect(items[1]).toMatchObject({ value: 2 });
    // One second; with each name compared with all before it, over a minute.
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(15);
  });

  it.each([
    ['names and values', `[${'a,'.repeat(60_000)}]`, 'E_RECORD_TOO_LARGE', /more than 100000 names and values/],
    [
      'aliases',
      `{x: &a 1, y: [${'*a,'.repeat(50)}], z: [${aliases(1000)}]}`,
      'E_RECORD_SYNTAX',
      /more than 1000 aliases/,
    ],
    ['faults', `[${'!a b,'.repeat(30_000)}]`, 'E_RECORD_SYNTAX', /Unresolved tag/],
    ['copies of an alias', `{x: &a [1, 2], y: [${'*a,'.repeat(101)}]}`, 'E_RECORD_SYNTAX', /Excessive alias count/],
    ['keys of one name', '{1: a, "1": b}', 'E_RECORD_SYNTAX', /the key "1" stands twice/],
  ])(
    'rejects an item of too many %s, and goes on behind it',
    { timeout: 120_000 },
    async (_what, item, code, message) => {
      const items = await read(`- 1\n- ${item}\n- 3\n`, { max_record_bytes: 1 << 20 }, [65_536]);
      expect(outline(items)).toEqual([1, `1:${code}`, 3]);
      expect(items[1]).toMatchObject({ error: { message: expect.stringMatching(message) as string } });
    },
  );

  it('keeps what looks like an item within an item', async () => {
    const text = '- text: |\n    - not an item\n    --- nor this\n  list:\n  - x\n- next\n';
    expect(outline(await read(text))).toEqual([{ text: '- not an item\n--- nor this\n', list: ['x'] }, 'next']);
  });

  it('gives nothing for an empty document: the engine decides what that means', async () => {
    for (const text of ['', '\n# nothing\n', '---\n...\n']) expect(await read(text)).toEqual([]);
    expect(await read('[]')).toEqual([]);
  });

  it('begins at the item that is asked for', async () => {
    for (const text of ['- a\n- b\n- c\n', '[a, b, c]']) {
      const items = await readRecords(yaml, bytesResource(text), {}, testContext({ from: 2 }));
      expect(items).toEqual([{ position: 2, value: 'c' }]);
    }
  });

  const MESH = sharedData('mesh', 'subjects_mesh_2021.yaml.gz');
  it.skipIf(MESH === undefined)(
    'reads the subjects of MeSH',
    async () => {
      const items = await readRecords(yaml, bytesResource(gunzipSync(readFileSync(MESH ?? '')), [65_536], 'mesh.yaml'));
      expect(items).toHaveLength(25_667);
      expect(items.filter(isFailure)).toEqual([]);
      expect(items[1]).toEqual({
        position: 1,
        value: { id: 'https://id.nlm.nih.gov/mesh/D000002', scheme: 'MeSH', subject: 'Temefos' },
      });
    },
    60_000,
  );
});

function aliases(count: number): string {
  return Array.from({ length: count }, (_, i) => `&b${String(i)} 1, *b${String(i)}`).join(', ');
}
