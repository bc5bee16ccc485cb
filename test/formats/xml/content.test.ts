/** A document in memory that is read at once gives exactly what the streaming reader gives of it, or is left to that. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseXmlContent } from '../../../src/formats/xml/content.ts';
import { readXmlRecords, type XmlRecordsOptions } from '../../../src/formats/xml/records.ts';
import { isFailure, type ReadItem } from '../../../src/records/entry.ts';
import { mutateXml } from '../../bench/xml-fuzz.ts';
import { SEED_DOCUMENTS } from '../../bench/xml-fuzz-documents.ts';
import { bytesResource } from '../../support/read-resource.ts';

const OPTIONS: XmlRecordsOptions = {
  name: 'x.xml',
  from: 0,
  element: 'record',
  wanted: undefined,
  maxRecordBytes: 100_000,
  maxDepth: 20,
  maxAttributes: 5,
  maxElements: 40,
};

async function streamed(content: Buffer, options: XmlRecordsOptions): Promise<readonly ReadItem[]> {
  const items: ReadItem[] = [];
  for await (const batch of readXmlRecords(bytesResource(content, [7]).stream(), options)) items.push(...batch);
  return items;
}

/** Whether it was read at once; then the streaming reader gives the same. */
async function isReadAtOnce(content: Buffer, options: XmlRecordsOptions): Promise<boolean> {
  const found = parseXmlContent(content, options);
  if (found === undefined) return false;
  expect(await streamed(content, options), content.toString('latin1')).toEqual([{ position: 0, value: found.value }]);
  return true;
}

const RECORD = '<x:record path="/1"><name>Ada &amp; Bob</name>\n <other>é</other></x:record>';

type Case = readonly [what: string, content: string | Buffer, options?: Partial<XmlRecordsOptions>];

const READ_AT_ONCE: readonly Case[] = [
  ['without a declaration', RECORD],
  ['with a declaration', `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n${RECORD}\n`],
  ['an empty element', '<record/>'],
  ['without a name for the record', RECORD, { element: undefined }],
  ['of which little is wanted', RECORD, { wanted: ['name'] }],
  ['a root element in place of a record', '<error><code>9018</code></error>', { wanted: ['name', '/error'] }],
  ['the same without a name', '<error><code>1</code></error>', { element: undefined, wanted: ['name', '/error'] }],
];

const STREAMED: readonly Case[] = [
  ['another root element', '<records><record>1</record></records>'],
  ['a comment before the root', `<!-- x -->${RECORD}`],
  ['a comment behind the root', `${RECORD}<!-- x -->`],
  ['text behind the root', `${RECORD}x`],
  ['a DOCTYPE', `<!DOCTYPE record>${RECORD}`],
  ['a CDATA section', '<record><![CDATA[<]]></record>'],
  ['an entity of its own', '<record>&own;</record>'],
  ['an end that is missing', '<record><name>Ada</name>'],
  ['an end tag of another element', '<record><name>Ada</nome></record>'],
  ['bytes that are not UTF-8', Buffer.from('<record>\xe9</record>', 'latin1')],
  ['another encoding', Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><record>\xe9</record>', 'latin1')],
  ['two bytes a character', Buffer.from('<record>1</record>', 'utf16le')],
  ['a byte order mark', `\ufeff${RECORD}`],
  ['more bytes than a record may have', RECORD, { maxRecordBytes: 20 }],
  ['more elements than a record may have', RECORD, { maxElements: 2 }],
  ['more levels than a record may have', RECORD, { maxDepth: 1 }],
  ['nothing', ''],
];

describe('a document in memory', () => {
  it.each(READ_AT_ONCE.map((given) => [given[0], given] as const))('%s is read at once', async (_, given) => {
    const [, content, options] = given;
    expect(await isReadAtOnce(Buffer.from(content), { ...OPTIONS, ...options })).toBe(true);
  });

  it.each(STREAMED.map((given) => [given[0], given] as const))('%s is left to the streaming reader', (_, given) => {
    const [, content, options] = given;
    expect(parseXmlContent(Buffer.from(content), { ...OPTIONS, ...options })).toBeUndefined();
  });

  it('with the prolog of the one before and another beginning behind it is not taken for one', async () => {
    const prolog = '<?xml version="1.0" encoding="UTF-8"?>\n';
    for (const rest of [RECORD, `  ${RECORD}`, `<!-- x -->${RECORD}`, `<?y?>${RECORD}`, '', 'x']) {
      expect(parseXmlContent(Buffer.from(prolog + RECORD), OPTIONS)).toBeDefined();
      await isReadAtOnce(Buffer.from(prolog + rest), OPTIONS);
    }
  });

  it('gives what the streaming reader gives, whatever is wrong with it', async () => {
    const random = fc.integer({ min: 0, max: 2 ** 31 });
    const wanted = fc.constantFrom(undefined, ['person/name', 'orcid-identifier/path', '/error'], ['a/b', 'title'], []);
    const element = fc.constantFrom(undefined, 'record', 'project');
    let count = 0;
    await fc.assert(
      fc.asyncProperty(random, wanted, element, async (seed, paths, name) => {
        const content = mutateXml(seed, SEED_DOCUMENTS);
        const options = { ...OPTIONS, maxAttributes: 100, maxElements: 10_000, wanted: paths, element: name };
        if (await isReadAtOnce(content, options)) count += 1;
      }),
      { numRuns: 1500 },
    );
    // About 100 of 1,500 in the runs that were looked at.
    expect(count).toBeGreaterThan(40);
  });

  it('is not a failure when the streaming reader finds one', async () => {
    const [failure] = await streamed(Buffer.from('<record><a></record>'), OPTIONS);
    expect(failure !== undefined && isFailure(failure)).toBe(true);
    expect(parseXmlContent(Buffer.from('<record><a></record>'), OPTIONS)).toBeUndefined();
  });
});
