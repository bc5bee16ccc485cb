/** Laws of the XML reader: the cut of the bytes never shows, any position can be the first, and memory is bounded. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readXmlRecords, type XmlRecordsOptions } from '../../../src/formats/xml/records.ts';
import { SourceError } from '../../../src/errors.ts';
import { isFailure, type ReadItem } from '../../../src/records/entry.ts';
import { bytesResource } from '../../support/read-resource.ts';

const OPTIONS: XmlRecordsOptions = {
  name: 'x.xml',
  from: 0,
  element: 'r',
  wanted: undefined,
  maxRecordBytes: 300,
  maxDepth: 20,
  maxAttributes: 5,
  maxElements: 40,
};

interface Outcome {
  readonly items: readonly unknown[];
  readonly end: string;
}

async function collect(source: AsyncIterable<Buffer>, options: XmlRecordsOptions): Promise<Outcome> {
  const items: ReadItem[] = [];
  let end = 'well';
  try {
    for await (const batch of readXmlRecords(source, options)) items.push(...batch);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    end = `${error.code} ${error.message}`;
  }
  const shown = items.map((item) =>
    isFailure(item) ? [item.position, item.error.code, item.error.message] : [item.position, item.value],
  );
  return { items: shown, end };
}

function read(
  text: string | Buffer,
  sizes: readonly number[],
  options: Partial<XmlRecordsOptions> = {},
): Promise<Outcome> {
  return collect(bytesResource(text, sizes).stream(), { ...OPTIONS, ...options });
}

const piece = fc.constantFrom(
  '<r>1</r>',
  '<x:R a="1" b=\'2\'><c/>é &amp; “ü”</x:R>',
  '<r><!-- </r> --><a><b>2</b></a></r>',
  '<r><![CDATA[</r>]]></r>',
  '<r/>',
  '<r><a></r>',
  '<r a="1" a="2"/>',
  '<r><a x="1></a></r>',
  `<r>${'long '.repeat(80)}</r>`,
  `<r>${'<d>'.repeat(30)}${'</d>'.repeat(30)}</r>`,
  `<r>${'<e/>'.repeat(50)}</r>`,
  '<r>&unknown;</r>',
  '<r>\u0001</r>',
  '<other><r>inside</r></other>',
  '<other/> text ',
  '<!-- <r> -->',
  '<?pi <r> ?>',
  '\n  ',
);
const ending = fc.constantFrom('</l>', '</l>', '</l>\n<!-- end -->', '', '</oops>', '</l> x', '<r>cut', '<r', '</l');
const beginning = fc.constantFrom('<l>', '<?xml version="1.0"?>\n<l>', '\ufeff<l a="<r>">', '<!DOCTYPE l>\n<l>');
const document = fc
  .tuple(beginning, fc.array(piece, { maxLength: 10 }), ending)
  .map(([start, pieces, end]) => start + pieces.join('') + end);
const chunking = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });

describe('readXmlRecords', () => {
  it('gives the same for any cut, with positions that rise by one', async () => {
    await fc.assert(
      fc.asyncProperty(document, chunking, async (text, sizes) => {
        const whole = await read(text, [1_000_000]);
        expect(await read(text, sizes)).toEqual(whole);
        expect(whole.items.map((item) => (item as [number])[0])).toEqual(whole.items.map((_, i) => i));
      }),
      { numRuns: 400 },
    );
  });

  it('gives exactly the rest from any position', async () => {
    await fc.assert(
      fc.asyncProperty(document, chunking, fc.nat({ max: 12 }), async (text, sizes, from) => {
        const whole = await read(text, [1_000_000]);
        const rest = await read(text, sizes, { from });
        expect(rest).toEqual({ items: whole.items.slice(from), end: whole.end });
      }),
      { numRuns: 400 },
    );
  });

  it('gives the wanted part of what it gives without', async () => {
    await fc.assert(
      fc.asyncProperty(document, chunking, async (text, sizes) => {
        const whole = await read(text, sizes);
        const part = await read(text, sizes, { wanted: ['a/b'] });
        expect(part.end).toBe(whole.end);
        expect(part.items.length).toBe(whole.items.length);
      }),
      { numRuns: 200 },
    );
  });

  it('never takes a cut document for a whole one', async () => {
    const text = '<?xml version="1.0"?><r a="1"><b>é</b><c/><!-- x --></r>';
    for (let length = 0; length < Buffer.byteLength(text); length++) {
      const { items, end } = await read(Buffer.from(text).subarray(0, length), [7]);
      expect([length, end, items]).toEqual([
        length,
        'well',
        [[0, expect.stringMatching(/^E_(RECORD_TRUNCATED|XML_NOT_XML)$/), expect.anything()]],
      ]);
    }
  });
});

/** `head`, a megabyte of `filler` as often as asked, `tail`: without ever being whole in memory. */
async function* large(head: string, filler: string, megabytes: number, tail: string): AsyncGenerator<Buffer> {
  const chunk = Buffer.from(filler.repeat(Math.ceil(1024 ** 2 / filler.length)));
  yield Buffer.from(head);
  for (let i = 0; i < megabytes; i++) yield await Promise.resolve(chunk);
  yield Buffer.from(tail);
}

describe('a very large element', () => {
  const limits = { maxRecordBytes: 4 * 1024 ** 2, maxElements: 10_000, maxDepth: 100 };

  it.each([
    ['text', 'some text ', 200],
    ['elements', '<a>b</a>', 40],
    ['depth', '<a>', 40],
    ['an attribute that does not end', 'x="y ', 40],
    ['a comment', '- - ', 40],
  ])(
    'of %s costs one record, and bounded memory',
    async (name, filler, megabytes) => {
      const open = name === 'a comment' ? '<!--' : name.startsWith('an attribute') ? '<a b="' : '';
      const before = process.memoryUsage().arrayBuffers;
      let peak = 0;
      const watched = (async function* () {
        for await (const chunk of large(`<l><r>1</r><r>${open}`, filler, megabytes, '</r><r>3</r></l>')) {
          peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
          yield chunk;
        }
      })();
      const { items, end } = await collect(watched, { ...OPTIONS, ...limits });
      expect(items.map((item) => (item as unknown[]).slice(0, 2))).toEqual([
        [0, '1'],
        [1, expect.stringMatching(/^E_RECORD_(TOO_LARGE|TOO_DEEP|SYNTAX)$/)],
        [2, '3'],
      ]);
      expect(end).toBe('well');
      expect(peak).toBeLessThan(150 * 1024 ** 2);
    },
    60_000,
  );

  it('is given up at once where the document is the record', async () => {
    let chunks = 0;
    const watched = (async function* () {
      for await (const chunk of large('<r>', 'text ', 200, '</r>')) {
        chunks++;
        yield chunk;
      }
    })();
    const { items } = await collect(watched, { ...OPTIONS, ...limits });
    expect(items).toEqual([[0, 'E_RECORD_TOO_LARGE', expect.stringContaining('max_record_bytes, 4194304')]]);
    expect(chunks).toBeLessThan(20);
  });
});
