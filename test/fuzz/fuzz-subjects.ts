/** Damaged tables, YAML, RDF and SPARQL results. */
import { csv } from '../../readers/csv.ts';
import { rdf } from '../../readers/rdf.ts';
import { sparql } from '../../readers/sparql.ts';
import { yaml } from '../../readers/yaml.ts';
import { fixtureBytes } from './fixture-bytes.ts';
import { fuzzChain, type FuzzCounts } from './fuzz-chain.ts';
import { jsonMutation } from './fuzz-json.ts';
import { mutateBytes, type Mutation } from './mutate-bytes.ts';

const BYTES = [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0], [0xef, 0xbb, 0xbf], [0xff, 0xfe]].map((bytes) =>
  Buffer.from(bytes),
);
const toPieces = (texts: readonly string[]): readonly Buffer[] => [...texts.map((text) => Buffer.from(text)), ...BYTES];

const csvMutation: Mutation = {
  seeds: fixtureBytes('csv'),
  pieces: toPieces([
    '"',
    '""',
    ',',
    ';',
    '\n',
    '\r',
    '\r\n',
    '"\n"',
    ',"',
    '",',
    '\\"',
    "'",
    ' ',
    '\t',
    '"\n',
    'x'.repeat(700),
  ]),
};

export async function fuzzCsv(count: number, seed: number): Promise<FuzzCounts> {
  const dialects = [
    {},
    { as_dict: false, csv_options: { skipinitialspace: true, quoting: 2 } },
    { csv_options: { delimiter: ';', escapechar: '\\' }, encoding: 'latin-1' },
    { as_dict: false, csv_options: { quoting: 'QUOTE_NONE', delimiter: '\t' } },
  ];
  const makeInput = (random: Parameters<typeof mutateBytes>[1]): Buffer => mutateBytes(csvMutation, random);
  const runs = dialects.map((args) => ({
    links: [{ reader: csv, args: { ...args, max_record_bytes: 600 } }],
    makeInput,
  }));
  return inTurn(runs, count, seed);
}

const yamlMutation: Mutation = {
  seeds: fixtureBytes('yaml').filter(({ length }) => length < 10_000),
  pieces: toPieces([
    ...[
      '- ',
      '-\n',
      '---\n',
      '...\n',
      '\n- ',
      '\n  ',
      '\n',
      '\r\n',
      '\t',
      '# ',
      ': ',
      ':',
      '? ',
      ', ',
      '[',
      ']',
      '{',
      '}',
    ],
    ...[
      '"',
      "'",
      '|\n',
      '>-\n',
      '&a ',
      '*a',
      '!!str ',
      '!x ',
      '<<: ',
      '%YAML 1.1\n',
      '.inf',
      '~',
      '[['.repeat(60),
      '- '.repeat(80),
    ],
  ]),
};

export function fuzzYaml(count: number, seed: number): Promise<FuzzCounts> {
  const links = [{ reader: yaml, args: { max_depth: 48, max_record_bytes: 2000 } }];
  return fuzzChain({ links, makeInput: (random) => mutateBytes(yamlMutation, random) }, count, seed);
}

const rdfMutation: Mutation = {
  seeds: fixtureBytes('rdf'),
  pieces: toPieces([
    ...[
      '<',
      '>',
      '/>',
      '</',
      '<skos:Concept ',
      ' rdf:about="',
      '"',
      '&amp;',
      '&lt;',
      '&x;',
      '&#0;',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
    ],
    ...[
      '<!DOCTYPE x [<!ENTITY x "y">]>',
      '<?x ?>',
      ' xml:base="http://a/"',
      ' xml:lang=""',
      ' rdf:parseType="Literal"',
      ' rdf:nodeID="a"',
    ],
    ...[
      '@prefix : <http://a/> .',
      '@base <http://b/> .',
      ' a ',
      ' ; ',
      ' , ',
      ' . ',
      '[',
      ']',
      '(',
      ')',
      '_:a',
      '"""',
      '@en',
      '^^',
      '\\u00',
      '\n',
    ],
    ...[
      'skos:broader ',
      'skosxl:',
      '<http://example.org/terms/oak>',
      '<a b>',
      '<<',
      '{',
      '}',
      '<p:q xmlns:p="http://p/">'.repeat(200),
    ],
  ]),
};

export function fuzzRdf(count: number, seed: number): Promise<FuzzCounts> {
  const runs = ['rdf-xml', 'turtle', 'n-triples', undefined].map((format) => ({
    links: [
      { reader: rdf, args: { ...(format === undefined ? {} : { format }), max_held_bytes: 200_000, max_depth: 10 } },
    ],
    makeInput: (random: Parameters<typeof mutateBytes>[1]) => mutateBytes(rdfMutation, random),
  }));
  return inTurn(runs, count, seed);
}

const results = (bindings: readonly unknown[]): Buffer =>
  Buffer.from(JSON.stringify({ head: { vars: ['a'] }, results: { bindings } }));

const sparqlMutation: Mutation = {
  // Most of them small, so that some damage leaves them whole.
  seeds: [
    results([]),
    results([{ a: { type: 'uri', value: 'http://a/' } }, {}, { a: { type: 'literal', value: 'ä', 'xml:lang': 'de' } }]),
    results([null, 1, [], { __proto__: 1 }]),
    ...jsonMutation.seeds.slice(0, 2),
  ],
  pieces: [
    ...jsonMutation.pieces,
    ...toPieces(['"bindings":', '"results":', '"head":{"vars":[]},', 'rows-', '<sparql>']),
  ],
};

export function fuzzSparql(count: number, seed: number): Promise<FuzzCounts> {
  const args = { origin: 'http://example.org/sparql', query: 'SELECT ?a { ?a ?b ?c }', max_page_bytes: 3000 };
  const links = [{ reader: sparql, args }];
  return fuzzChain({ links, makeInput: (random) => mutateBytes(sparqlMutation, random) }, count, seed);
}

async function inTurn(
  runs: readonly Parameters<typeof fuzzChain>[0][],
  count: number,
  seed: number,
): Promise<FuzzCounts> {
  const counts: FuzzCounts = { records: 0, rejected: 0, refused: 0 };
  for (const [i, run] of runs.entries()) {
    const share = Math.ceil(count / runs.length);
    const { records, rejected, refused } = await fuzzChain(run, share, seed + i * share);
    counts.records += records;
    counts.rejected += rejected;
    counts.refused += refused;
  }
  return counts;
}
