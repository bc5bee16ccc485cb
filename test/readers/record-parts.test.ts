/** Records that are small as bytes and large as objects: each is one rejection, and reading continues after it. */
import { describe, expect, it } from 'vitest';
import { csv } from '../../readers/csv.ts';
import { json } from '../../readers/json.ts';
import { jsonl } from '../../readers/jsonl.ts';
import { rdf } from '../../readers/rdf.ts';
import { yaml } from '../../readers/yaml.ts';
import type { Reader } from '../../src/component/reader.ts';
import { isFailure } from '../../src/records/entry.ts';
import type { SkosConcept } from '../../src/formats/skos/concept.ts';
import { bytesResource, readRecords } from '../support/read-resource.ts';

async function codesOf(reader: Reader, text: string): Promise<readonly string[]> {
  const items = await readRecords(reader, bytesResource(Buffer.from(text)));
  return items.map((item) => (isFailure(item) ? item.error.code : 'record'));
}

const MANY = 1_100_000;

describe('JSON', () => {
  it.each([
    ['empty lists', '[],'.repeat(MANY)],
    ['empty objects', '{},'.repeat(MANY)],
  ])('rejects a record of a million %s', async (_what, parts) => {
    const record = `{"id":"big","a":[${parts}0]}`;
    expect(await codesOf(jsonl, `${record}\n{"id":"ok"}\n`)).toEqual(['E_RECORD_TOO_LARGE', 'record']);
    expect(await codesOf(json, `[${record},{"id":"ok"}]`)).toEqual(['E_RECORD_TOO_LARGE', 'record']);
  });

  it('rejects a record of a million names', async () => {
    const names = Array.from({ length: MANY }, (_, i) => `"${i.toString(36)}":1`).join(',');
    expect(await codesOf(jsonl, `{${names}}\n{"id":"ok"}`)).toEqual(['E_RECORD_TOO_LARGE', 'record']);
  });

  it('rejects a record of two million numbers', async () => {
    const record = `{"id":"n","a":[${'1,'.repeat(2 * MANY)}0]}`;
    expect(await codesOf(jsonl, `${record}\n{"id":"ok"}\n`)).toEqual(['E_RECORD_TOO_LARGE', 'record']);
  });

  it('takes a million numbers, and brackets and colons in a text', async () => {
    const numbers = `{"id":"n","a":[${'1.5,'.repeat(MANY)}0]}`;
    const text = `{"id":"t","a":"${'[{:\\"'.repeat(400_000)}"}`;
    expect(await codesOf(jsonl, `${numbers}\n${text}\n`)).toEqual(['record', 'record']);
  });
});

describe('YAML', () => {
  it('rejects an item of blank lines without holding them', async () => {
    const text = `- id: a\n${'\n'.repeat(400_000)}- id: ok\n`;
    expect(await codesOf(yaml, text)).toEqual(['E_RECORD_TOO_LARGE', 'record']);
  });

  it('takes an item of many lines, with blank ones in a text', async () => {
    const text = `- id: a\n  text: |\n${'    line\n\n'.repeat(50_000)}- id: ok\n`;
    expect(await codesOf(yaml, text)).toEqual(['record', 'record']);
  });

  it.each([
    ['a long text', `&a ${'x'.repeat(1_000_000)}`],
    ['a list', `&a [${Array.from({ length: 20_000 }, () => 'some text of a record').join(',')}]`],
  ])('rejects an item whose aliases repeat %s', async (_what, anchor) => {
    const aliases = Array.from({ length: 90 }, () => '*a').join(',');
    const text = `- id: big\n  a: ${anchor}\n  l: [${aliases}]\n- id: ok\n`;
    expect(await codesOf(yaml, text)).toEqual(['E_RECORD_TOO_LARGE', 'record']);
  });
});

it('CSV refuses a table of more columns than any spreadsheet has', async () => {
  const header = Array.from({ length: 200_001 }, (_, i) => `c${String(i)}`).join(',');
  await expect(codesOf(csv, `${header}\n`)).rejects.toMatchObject({ code: 'E_CSV_STRUCTURE' });
});

it('RDF does not repeat an endless label in everything below its concept', async () => {
  const skos = 'http://www.w3.org/2004/02/skos/core#';
  const type = '<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>';
  const lines = ['top', 'low'].map((name) => `<http://e/${name}> ${type} <${skos}Concept> .`);
  lines.push(`<http://e/top> <${skos}prefLabel> "${'x'.repeat(20_000)}"@en .`);
  lines.push(`<http://e/low> <${skos}broader> <http://e/top> .`);
  const items = await readRecords(rdf, bytesResource(Buffer.from(`${lines.join('\n')}\n`)));
  const concepts = items.map((item) => (isFailure(item) ? undefined : (item.value as SkosConcept)));
  expect(concepts[0]?.prefLabel?.[0]?.value.length).toBe(20_000);
  expect(concepts[1]?.ancestors).toEqual([{ id: 'http://e/top', distance: 1 }]);
});
