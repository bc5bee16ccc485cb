/** Names outside ASCII, damaged tags, and documents that are not well-formed: nothing is lost silently. */
import { describe, expect, it } from 'vitest';
import { xml } from '../../../readers/xml.ts';
import { bytesResource, errorOf, outline, readRecords } from '../../support/read-resource.ts';

const read = async (text: string, root_element?: string): Promise<unknown[]> =>
  outline(
    await readRecords(xml, bytesResource(text, [7], 't.xml'), root_element === undefined ? {} : { root_element }),
  );

describe('names of any script', () => {
  it.each([
    ['<città><id>a</id></città>', undefined, { città: { id: 'a' } }],
    ['<r><запись ид="1"><имя>Я</имя><?note it\'s?></запись></r>', 'запись', { '@ид': '1', имя: 'Я' }],
    ['<根><记录 名="x"><子>1</子></记录></根>', undefined, { 根: { 记录: { '@名': 'x', 子: '1' } } }],
    ['<r xmlns:ö="urn:x"><ö:Ärger ö:é="1"/></r>', 'ärger', { '@é': '1' }],
    ['<r><𐀀a 𐀁="1">x</𐀀a></r>', undefined, { r: { '𐀀a': { '@𐀁': '1', '#text': 'x' } } }],
  ])('are read: %s', async (text, element, value) => {
    expect(await read(text, element)).toEqual([value]);
  });
});

describe('attributes with one local name', () => {
  it.each(['xml:lang="en" lang="de"', 'lang="de" xml:lang="en"'])('are both kept: %s', async (written) => {
    expect(await read(`<r><a ${written}>x</a></r>`)).toEqual([
      { r: { a: { '@lang': 'de', '@xml:lang': 'en', '#text': 'x' } } },
    ]);
  });
});

describe('a damaged record', () => {
  it.each(['<rec"b"/>', '<rec=b/>', '<rec id="b"id2="x"/>'])('is one rejection: %s', async (damaged) => {
    const found = await read(`<root><rec id="a"/>${damaged}<rec id="c"/></root>`, 'rec');
    expect(found).toEqual([{ '@id': 'a' }, '1:E_RECORD_SYNTAX', { '@id': 'c' }]);
  });

  it.each(['<recid="b"/>', '< rec id="b"/>', '<rec,id="b"/>', '<rec id="b"', '<rec/ >', '<rec></ rec>'])(
    'or ends the file: %s',
    async (damaged) => {
      const error = await errorOf(read(`<root><rec id="a"/>${damaged}<rec id="c"/></root>`, 'rec'));
      expect(error.code).toMatch(/^E_XML_(STRUCTURE|TRUNCATED)$/);
    },
  );
});

describe('a record after a damaged one', () => {
  const around = (damaged: string): string => `<root><rec id="a"/>${damaged}<rec id="d"/></root>`;

  it.each([
    '<rec id="b" <rec id="c">x</rec>',
    '<rec id="b"><a>1</a><rec id="c"><a>2</a></rec>',
    '<rec><!-- 1<rec id="c">2</rec>',
    `<rec>&<b>${'x'.repeat(600)}<rec/></rec>`,
  ])('ends the file where it begins inside of it: %s', async (damaged) => {
    for (const size of [7, 1000]) {
      const found = readRecords(xml, bytesResource(around(damaged), [size], 't.xml'), { root_element: 'rec' });
      expect((await errorOf(found)).code).toBe('E_XML_STRUCTURE');
    }
  });

  it.each([
    ['<rec id="b>1</rec><rec id="c">2</rec>', { '@id': 'c', '#text': '2' }],
    ['<rec>&<b></rec ><rec id="c"/>', { '@id': 'c' }],
    ['<rec><b></recs></rec><rec id="c"/>', { '@id': 'c' }],
  ])('is read: %s', async (damaged, next) => {
    expect(await read(around(damaged), 'rec')).toEqual([{ '@id': 'a' }, '1:E_RECORD_SYNTAX', next, { '@id': 'd' }]);
  });

  it('is read after a record that is too large and holds elements of its own name', async () => {
    const resource = bytesResource(around(`<rec><rec/>${'x'.repeat(5000)}</rec>`), [7], 't.xml');
    const found = outline(await readRecords(xml, resource, { root_element: 'rec', max_record_bytes: 1000 }));
    expect(found).toEqual([{ '@id': 'a' }, '1:E_RECORD_TOO_LARGE', { '@id': 'd' }]);
  });
});

describe('white space that is none of XML', () => {
  it('is text before the root element', async () => {
    expect(await read('<?xml version="1.0"?>\v<r/>')).toEqual(['0:E_XML_NOT_XML']);
  });
});

describe('text with U+FFFD', () => {
  it('is read by both parsers', async () => {
    expect(await read('<r><a>\ufffd</a><é>\ufffd</é><!-- \ufffd --></r>')).toEqual([
      { r: { a: '\ufffd', é: '\ufffd' } },
    ]);
  });
});

describe('what is not well-formed', () => {
  it.each([
    '<r><!-- a -- b --></r>',
    '<r><!-- a ---></r>',
    '<r>a ]]> b</r>',
    '<r><u = >x</u></r>',
    '<r><? a?></r>',
    '<r><?XML a?></r>',
    '<r><a/><?xml version="1.0"?></r>',
    '<?xml version="2.0"?><r/>',
    '<?xml?><r/>',
    '<?xml version="1.0" standalone="maybe"?><r/>',
    '<r a="1" a="2"/>',
    '<r é="1" é="2"/>',
    '<r><\u00d7/></r>',
    '<r><a\u00a0/></r>',
    '<r>]]></r>',
  ])('is rejected: %s', async (text) => {
    expect(await read(text)).toEqual(['0:E_RECORD_SYNTAX']);
  });
});
