import { describe, expect, it } from 'vitest';
import { xml } from '../../readers/xml.ts';
import { isFailure } from '../../src/records/entry.ts';
import { formatFixtures } from '../support/format-fixtures.ts';
import { bytesResource, errorOf, outline, pathResource, readRecords, testContext } from '../support/read-resource.ts';

const items = { root_element: 'item' };
const records = [
  { '@id': '1', title: { '@lang': 'en', '#text': 'Café & Bar' }, note: null, tag: ['a', 'b'] },
  { '@id': '2', title: '“quoted” – dashed' },
];

async function read(text: string | Buffer, args: unknown = {}, context = testContext()): Promise<unknown[]> {
  return outline(await readRecords(xml, bytesResource(text, [100], 'test.xml'), args, context));
}

/** What an operator reads about the one rejection. */
async function rejection(text: string | Buffer, args: unknown = {}): Promise<string> {
  const found = await readRecords(xml, bytesResource(text, [100], 'test.xml'), args);
  return found
    .filter(isFailure)
    .map(({ position, error }) => `${String(position)} ${error.code} ${error.message}`)
    .join('\n');
}

const bad = formatFixtures('xml', 'bad');
const failing = bad.filter(({ code }) => /^E_XML_(TRUNCATED|STRUCTURE)$/.test(code));
const costingOne = bad
  .filter(
    ({ name, code }) => /^E_(RECORD_(SYNTAX|TOO_DEEP|TOO_LARGE)|XML_ENTITY)$/.test(code) || name.includes('not-utf-8'),
  )
  .filter(({ name }) => !name.includes('declaration'));
const costingAll = bad.filter((fixture) => !failing.includes(fixture) && !costingOne.includes(fixture));

describe('split', () => {
  const split = { list: '/places/place', parent: 'country' };
  const text =
    '<all><country><code>ch</code><places><place>Bern</place><place>Chur</place></places></country>' +
    '<country><code>li</code><places><place>Vaduz</place></places></country><country><code>va</code></country></all>';

  it('makes a record of each repeated element, also of a single one, and rejects a document without any', async () => {
    const found = await readRecords(xml, bytesResource(text), { root_element: 'country', split: { list: split.list } });
    expect(outline(found)).toEqual(['Bern', 'Chur', 'Vaduz', '3:E_RECORD_TYPE']);
    const optional = { root_element: 'country', split: { list: split.list, required: false } };
    expect(outline(await readRecords(xml, bytesResource(text), optional))).toEqual(['Bern', 'Chur', 'Vaduz']);
  });

  it('gives each record the rest of its document, and resumes at a position', async () => {
    const places = text.replace(/<place>(\w+)<\/place>/g, '<place><name>$1</name></place>');
    const args = { root_element: 'country', split: { ...split, required: false } };
    const found = await readRecords(xml, bytesResource(places), args, { ...testContext(), from: 1 });
    expect(outline(found)).toEqual([
      { name: 'Chur', country: { code: 'ch', places: {} } },
      { name: 'Vaduz', country: { code: 'li', places: {} } },
    ]);
  });
});

describe('xml', () => {
  it.each(formatFixtures('xml', 'ok'))('reads $name', async ({ path }) => {
    expect(outline(await readRecords(xml, pathResource(path), items))).toEqual(records);
  });

  it.each(failing)('refuses $name with its code', async ({ path, code, name }) => {
    const error = await errorOf(readRecords(xml, pathResource(path), items));
    expect(error.code).toBe(code);
    expect(error.message).toContain(name);
  });

  it.each(costingAll)('takes $name for one rejection', async ({ path, code }) => {
    expect(outline(await readRecords(xml, pathResource(path), items))).toEqual([`0:${code}`]);
  });

  it.each(costingOne)('loses one record of $name and no other', async ({ path, code }) => {
    expect(outline(await readRecords(xml, pathResource(path), items))).toEqual([`0:${code}`, records[1]]);
  });
});

describe('a document that is one record', () => {
  it('is the content of its root element', async () => {
    expect(
      await read('<r:Record xmlns:r="urn:x" path="/1"><r:Name>a</r:Name></r:Record>', { root_element: 'record' }),
    ).toEqual([{ '@path': '/1', name: 'a' }]);
  });

  it('comes under the name of its root element where no element is named', async () => {
    expect(await read('<r:Record><a/></r:Record>')).toEqual([{ record: { a: null } }]);
    expect(await read('<error>no</error>')).toEqual([{ error: 'no' }]);
  });

  it.each([
    ['<record><a></record>', 'E_RECORD_SYNTAX', '<a> is open, but </record> at byte 11 closes something else'],
    ['<record><a>1</a>', 'E_RECORD_TRUNCATED', 'the document ends after 16 bytes with elements open'],
    ['<record/>x', 'E_RECORD_SYNTAX', 'there is text at byte 9, behind its root element <record>'],
    ['<record/><record/>', 'E_RECORD_SYNTAX', 'a second root element <record> begins at byte 9'],
    ['<record>&nbsp;</record>', 'E_XML_ENTITY', 'it refers to the entity &nbsp;'],
    [
      '<error><user-message/></error>',
      'E_XML_NO_ELEMENT',
      'should hold an element <record>, but it has none, and its root element is <error>',
    ],
    ['<html><br></html>', 'E_RECORD_SYNTAX', '<br> is open, but </html> stands at byte 10'],
    ['  ', 'E_RECORD_TRUNCATED', 'ends after 2 bytes'],
  ])('is rejected at position 0: %s', async (text, code, reason) => {
    const told = await rejection(text, { root_element: 'record' });
    expect(told).toContain(`0 ${code} Record 0 at byte 0 cannot be read: `);
    expect(told).toContain(reason);
  });

  it('is rejected for its depth or size without being held', async () => {
    const deep = `<record>${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}</record>`;
    expect(await rejection(deep, { root_element: 'record' })).toContain('E_RECORD_TOO_DEEP');
    const args = { root_element: 'record', max_record_bytes: 1000, max_elements: 50 };
    expect(await rejection(`<record>${'x'.repeat(2000)}</record>`, args)).toContain('E_RECORD_TOO_LARGE');
    expect(await rejection(`<record a="${'x'.repeat(2000)}"/>`, args)).toContain('E_RECORD_TOO_LARGE');
    expect(await rejection(`<record>${'<a/>'.repeat(51)}</record>`, args)).toContain('max_elements, 50 elements');
  });
});

describe('text and names', () => {
  it('joins text around comments and elements, and trims it', async () => {
    expect(await read('<a> x<!-- y -->z <b/> w </a>')).toEqual([{ a: { b: null, '#text': 'xz  w' } }]);
  });

  it('tells an empty element, a blank one and one with attributes apart', async () => {
    expect(await read('<a><b/><c></c><d> </d><e f=""/></a>')).toEqual([
      { a: { b: null, c: null, d: '', e: { '@f': '' } } },
    ]);
  });

  it('keeps names that mean something to JavaScript as data', async () => {
    const [value] = await read('<a><__proto__>x</__proto__><constructor b="c"/></a>');
    expect(JSON.stringify(value)).toBe('{"a":{"__proto__":"x","constructor":{"@b":"c"}}}');
    expect({}).not.toHaveProperty('x');
    const [again] = await read('<a><!-- slowly --><__proto__>x</__proto__><constructor b="c"/></a>');
    expect(JSON.stringify(again)).toBe(JSON.stringify(value));
  });
});

describe('what a transformer looks at', () => {
  const text = '<record v="1"><a><b>1</b><c>2</c></a><d><![CDATA[3]]></d><e/></record>';

  it('is all that a record has then', async () => {
    const context = testContext({ wanted: ['a/c', 'e'] });
    expect(await read(text, { root_element: 'record' }, context)).toEqual([{ '@v': '1', a: { c: '2' }, e: null }]);
  });

  it('does not hide that the rest is broken', async () => {
    const context = testContext({ wanted: ['e'] });
    expect(await read(text.replace('</b>', '</x>'), { root_element: 'record' }, context)).toEqual([
      '0:E_RECORD_SYNTAX',
    ]);
  });

  it('may be another root element in place of a record', async () => {
    const context = testContext({ wanted: ['e', '/error'] });
    const args = { root_element: 'record' };
    expect(await read('<e:error><code>9018</code></e:error>', args, context)).toEqual([{ error: { code: '9018' } }]);
    expect(await read('<error><code>9018</code></error>', {}, context)).toEqual([{ error: { code: '9018' } }]);
    expect(await read('<list><error/><record/></list>', args, testContext({ wanted: ['/error'] }))).toEqual([{}]);
  });
});

describe('records of a list', () => {
  it('are outermost: one inside another belongs to it', async () => {
    expect(await read('<l><r><r>1</r></r><x><r>2</r></x></l>', { root_element: 'r' })).toEqual([{ r: '1' }, '2']);
  });

  it('are read behind a broken or oversized one, which says where it began', async () => {
    const list = `<l><r>1</r><r><a></r><r>${'x'.repeat(3000)}</r><r>4</r></l>`;
    const found = await readRecords(xml, bytesResource(list, [64]), { root_element: 'r', max_record_bytes: 1000 });
    expect(outline(found)).toEqual(['1', '1:E_RECORD_SYNTAX', '2:E_RECORD_TOO_LARGE', '4']);
    expect(found[1]).toMatchObject({ raw: expect.stringContaining('<r><a></r>'), error: { details: { byte: 11 } } });
  });
});

describe('an encoding that its bytes break behind some records', () => {
  it('ends the run and says what they are', async () => {
    const declaration = Buffer.from('<?xml version="1.0" encoding="Shift_JIS"?><l><r>1</r><r>');
    const bytes = Buffer.concat([declaration, Buffer.from([0xff, 0xff]), Buffer.from('</r><r>3</r></l>')]);
    const error = await errorOf(readRecords(xml, bytesResource(bytes, [declaration.length]), { root_element: 'r' }));
    expect([error.code, error.message]).toEqual([
      'E_XML_STRUCTURE',
      expect.stringContaining('bytes that are not shift_jis'),
    ]);
  });
});
