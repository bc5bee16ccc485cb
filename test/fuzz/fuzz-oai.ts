/** Damaged answers of OAI-PMH servers. */
import { oaiPmh } from '../../readers/oai-pmh.ts';
import { fuzzChain, type FuzzCounts } from './fuzz-chain.ts';
import { mutateBytes, type Mutation } from './mutate-bytes.ts';

const HEADER =
  '<header><identifier>oai:x:1</identifier><datestamp>2026-01-02T03:04:05Z</datestamp><setSpec>a</setSpec></header>';
const METADATA = '<metadata><dc:title xml:lang="en">A &amp; B<!-- c --><![CDATA[<d>]]></dc:title></metadata>';
const answer = (content: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">\n<responseDate>2026-01-02T03:04:05Z</responseDate><request verb="ListRecords">http://x</request>\n${content}\n</OAI-PMH>\n`;

const mutation: Mutation = {
  seeds: [
    answer(
      `<ListRecords><record>${HEADER}${METADATA}</record>\n<record>${HEADER.replace('<header>', '<header status="deleted">')}</record><resumptionToken completeListSize="7">a&lt;b</resumptionToken></ListRecords>`,
    ),
    answer(`<ListIdentifiers>${HEADER.repeat(3)}<resumptionToken/></ListIdentifiers>`),
    answer('<error code="noRecordsMatch">nothing</error>'),
    answer(`<GetRecord><record>${HEADER}${METADATA.repeat(20)}</record></GetRecord>`)
      .replaceAll(/<(\/?)(?=[A-Z?])(?!\?)/g, '<$1o:')
      .replace('xmlns=', 'xmlns:o='),
  ].map((text) => Buffer.from(text)),
  pieces: [
    ...[
      '<',
      '>',
      '/>',
      '</',
      '&',
      '&amp;',
      '&#0;',
      '&x;',
      '"',
      "'",
      '=',
      ' ',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?a?>',
      '<!DOCTYPE a>',
      '<!DOCTYPE a [',
    ],
    ...[
      '<record>',
      '</record>',
      '<header/>',
      '<header status="deleted">',
      '</ListRecords>',
      '<ListRecords>',
      '<OAI-PMH>',
      '<o:record xmlns:o="u">',
      '\u0000',
      '\ufeff',
      'é',
    ],
    ...[
      '<a>'.repeat(600),
      ' xmlns:a="b"',
      ' status="deleted"',
      '<?xml version="1.0" encoding="UTF-16"?>',
      '<resumptionToken>x</resumptionToken>',
    ],
  ]
    .map((piece) => Buffer.from(piece))
    .concat([Buffer.from([0xff]), Buffer.from([0xc3])]),
};

export function fuzzOai(count: number, seed: number): Promise<FuzzCounts> {
  const links = [{ reader: oaiPmh, args: { base_url: 'http://localhost/oai', max_page_bytes: 8_000 } }];
  return fuzzChain({ links, makeInput: (random) => mutateBytes(mutation, random) }, count, seed);
}
