import { describe, expect, it } from 'vitest';
import { xml } from '../../transformers/xml.ts';
import { refusalOf } from '../support/refusal-of.ts';
import { silentLogger } from '../support/silent-logger.ts';

function parse(value: unknown, args: unknown = {}): unknown {
  const transform = xml.create(xml.args.parse(args), { logger: silentLogger() });
  return transform(value, { origin: () => 'test', warn: () => undefined });
}

describe('the transformer xml', () => {
  it('parses text, text in a record, and bytes', () => {
    const text = '\ufeff<?xml version="1.0"?>\n<!-- a --><a b="1">é<c/></a>\n';
    const expected = { a: { '@b': '1', c: null, '#text': 'é' } };
    expect(parse(text)).toEqual(expected);
    expect(parse({ record: text, header: {} })).toEqual(expected);
    expect(parse({ record: Buffer.from(text) })).toEqual(expected);
  });

  it('takes the first element of the name, wherever it stands', () => {
    const text = '<r><metadata><x:dc><x:title>A</x:title></x:dc><dc/></metadata></r>';
    expect(parse({ record: text }, { root_element: 'dc' })).toEqual({ title: 'A' });
    expect(parse({ record: text.replace('A', '<![CDATA[A]]>') }, { root_element: 'oai:DC' })).toEqual({ title: 'A' });
  });

  it.each([
    ['E_RECORD_SYNTAX', '<a><b></a>'],
    ['E_RECORD_SYNTAX', '<a/><b/>'],
    ['E_RECORD_SYNTAX', '<a>1</a> and more'],
    ['E_RECORD_TRUNCATED', '<a><dc/>'],
    ['E_RECORD_TRUNCATED', ''],
    ['E_XML_NOT_XML', 'no XML'],
    ['E_XML_NO_ELEMENT', '<a><b/></a>'],
    ['E_XML_ENTITY', '<dc>&x;</dc>'],
    ['E_XML_DOCTYPE', '<!DOCTYPE a [<!ENTITY x "y">]><dc>&x;</dc>'],
    ['E_XML_ENCODING', Buffer.from('<dc>\u00e9</dc>', 'latin1')],
    ['E_RECORD_TOO_DEEP', `<dc>${'<a>'.repeat(300)}${'</a>'.repeat(300)}</dc>`],
    ['E_RECORD_TYPE', { text: '<a/>' }],
    ['E_RECORD_TYPE', 7],
  ])('refuses with %s: %s', (code, value) => {
    const refusal = refusalOf(() =>
      parse(typeof value === 'string' ? { record: value } : value, { root_element: 'dc' }),
    );
    expect(refusal.code).toBe(code);
  });
});
