/**
 * Writes test/fixtures/xml: `npx vite-node test/support/make-xml-fixtures.ts`. The files are committed. Each good one
 * holds the two records of `xmlFixtureRecords`; a bad one is named by the code of the error that it must give.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const first = '<item id="1"><title xml:lang="en">Café &amp; Bar</title><note/><tag>a</tag><tag>b</tag></item>';
const second = '<item id="2"><title>  “quoted” – dashed  </title></item>';
const list = `<items>\n  ${first}\n  ${second}\n</items>\n`;
const prefixed = list.replaceAll(/<(\/?)(\w)/g, '<$1L:$2').replace('<L:items', '<L:items xmlns:L="urn:example:list"');
const declared = (encoding: string): string => `<?xml version="1.0" encoding="${encoding}"?>\n${list}`;
const latinCafe = Buffer.concat(
  list.split('é').flatMap((part, i) => [Buffer.from(i === 0 ? [] : [0xe9]), Buffer.from(part)]),
);
const laughs = `<!DOCTYPE items [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>\n`;

/** As Windows writes them: “ is 0x93, ” is 0x94, – is 0x96, all three control characters in ISO-8859-1. */
function western(text: string): Buffer {
  const bytes = text.replaceAll('“', '\u0093').replaceAll('”', '\u0094').replaceAll('–', '\u0096');
  return Buffer.from(bytes, 'latin1');
}

const files: Record<string, string | Buffer> = {
  'ok/plain.xml': list,
  'ok/declared.xml': declared('UTF-8'),
  'ok/byte-order-mark.xml': `\ufeff${declared('utf-8')}`,
  'ok/prefixes.xml': prefixed,
  'ok/upper-case.xml': list.replaceAll('item', 'ITEM').replaceAll('title', 'Title'),
  'ok/windows-lines.xml': list.replaceAll('\n', '\r\n'),
  'ok/one-line.xml': list.replaceAll(/\n */g, ''),
  'ok/comments.xml': `<!-- before -->\n${list.replaceAll('<title', '<!-- <item> --><title').replace('Café', 'Ca<!-- in -->fé')}<!-- behind -->`,
  'ok/cdata.xml': list.replace('Café &amp; Bar', '<![CDATA[Café & Bar]]>'),
  'ok/references.xml': list.replace('é', '&#233;').replace('“', '&#x201C;'),
  'ok/instructions.xml': `<?xml-stylesheet href="a.xsl"?>\n${list.replace('<note/>', '<?go on?><note></note>')}`,
  'ok/doctype.xml': `<!DOCTYPE items SYSTEM "http://127.0.0.1:9/never-fetched.dtd">\n${list}`,
  'ok/utf-16le.xml': Buffer.from(`\ufeff${declared('UTF-16')}`, 'utf16le'),
  'ok/utf-16be.xml': Buffer.from(`\ufeff${declared('UTF-16')}`, 'utf16le').swap16(),
  'ok/utf-16-without-mark.xml': Buffer.from(declared('UTF-16LE'), 'utf16le'),
  'ok/windows-1252.xml': western(declared('windows-1252')),
  'ok/iso-8859-1.xml': western(declared('ISO-8859-1')),
  'bad/E_XML_NOT_XML.empty.xml': '',
  'bad/E_XML_NOT_XML.json.xml': '[{"id": 1}]\n',
  'bad/E_XML_NO_ELEMENT.other.xml': '<error><message>The record is locked.</message></error>\n',
  'bad/E_XML_NO_ELEMENT.html-page.xml': '<!DOCTYPE html>\n<html><body>Try later</body></html>\n',
  'bad/E_XML_DOCTYPE.billion-laughs.xml': `${laughs}${list.replace('Café', '&c;')}`,
  'bad/E_XML_DOCTYPE.external-entity.xml': `<!DOCTYPE items [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n${list.replace('Café', '&x;')}`,
  'bad/E_XML_ENTITY.undefined.xml': list.replace('Café', 'Caf&eacute;'),
  'bad/E_XML_ENCODING.not-utf-8.xml': latinCafe,
  'bad/E_XML_ENCODING.unknown.xml': declared('x-no-such-encoding'),
  'bad/E_XML_ENCODING.mark-contradicts.xml': Buffer.from(`\ufeff${declared('UTF-8')}`, 'utf16le'),
  'bad/E_XML_ENCODING.not-two-bytes.xml': declared('UTF-16'),
  'bad/E_XML_ENCODING.not-ascii.xml': declared('US-ASCII'),
  'bad/E_XML_ENCODING.not-shift-jis.xml': Buffer.concat([
    Buffer.from('<?xml version="1.0" encoding="Shift_JIS"?><items><item>'),
    Buffer.from([0x81]),
    Buffer.from('</item></items>'),
  ]),
  'bad/E_XML_ENCODING.utf-32.xml': Buffer.from([0xff, 0xfe, 0, 0, 0x3c, 0, 0, 0]),
  'ok/white-space-before.xml': `\n  ${declared('UTF-8')}`,
  'bad/E_XML_TRUNCATED.inside-the-first.xml': list.slice(0, 60),
  'bad/E_RECORD_TRUNCATED.prolog-alone.xml': '<?xml version="1.0"?>\n<!-- cut',
  'bad/E_RECORD_SYNTAX.second-declaration.xml': `<!-- x -->${declared('UTF-8')}`,
  'bad/E_RECORD_SYNTAX.one-record.xml': list.replace('<note/>', '<note>'),
  'bad/E_RECORD_SYNTAX.bare-ampersand.xml': list.replace('&amp;', '&'),
  'bad/E_RECORD_SYNTAX.attribute-twice.xml': list.replace('id="1"', 'id="1" id="1"'),
  'bad/E_RECORD_SYNTAX.attribute-without-quotes.xml': list.replace('id="1"', 'id=1'),
  'bad/E_RECORD_SYNTAX.quote-missing.xml': list.replace('id="1"', 'id="1'),
  'bad/E_RECORD_SYNTAX.comment-open.xml': list.replace('<note/>', '<!-- note'),
  'bad/E_RECORD_SYNTAX.control-character.xml': list.replace('Café', 'Ca\u0001fé'),
  'bad/E_RECORD_SYNTAX.reference-to-nul.xml': list.replace('Café', 'Caf&#0;'),
  'bad/E_RECORD_TOO_DEEP.elements.xml': list.replace('<note/>', `${'<n>'.repeat(2000)}${'</n>'.repeat(2000)}`),
  'bad/E_RECORD_TOO_LARGE.attributes.xml': list.replace(
    '<note/>',
    `<note ${Array.from({ length: 600 }, (_, i) => `a${String(i)}=""`).join(' ')}/>`,
  ),
  'bad/E_XML_TRUNCATED.behind-a-record.xml': list.slice(0, list.indexOf('</item>') + 12),
  'bad/E_XML_TRUNCATED.inside-the-second.xml': list.slice(0, -20),
  'bad/E_XML_TRUNCATED.without-the-end-tag.xml': list.slice(0, list.indexOf('</items>')),
  'bad/E_XML_STRUCTURE.end-tag-between.xml': list.replace('</item>\n', '</item></oops>\n'),
  'bad/E_XML_STRUCTURE.two-roots.xml': `${list}${list}`,
  'bad/E_XML_STRUCTURE.text-behind.xml': `${list}EOF`,
};

for (const [name, content] of Object.entries(files)) {
  const path = fileURLToPath(new URL(`../fixtures/xml/${name}`, import.meta.url));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
