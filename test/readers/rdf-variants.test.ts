/** RDF that says the same in other ways: terms that look alike, hierarchies in either direction, syntaxes under another name. */
import { describe, expect, it } from 'vitest';
import { rdf } from '../../readers/rdf.ts';
import type { Transformer } from '../../src/component/transformer.ts';
import type { SkosConcept } from '../../src/formats/skos/concept.ts';
import { isFailure } from '../../src/records/entry.ts';
import { euroscivocTransformer } from '../../transformers/euroscivoc-transformer.ts';
import { gemetTransformer } from '../../transformers/gemet-transformer.ts';
import { meshSubjects } from '../../transformers/mesh-subjects.ts';
import { nvsTransformer } from '../../transformers/nvs-transformer.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { bytesResource, errorOf, outline, readRecords, testContext } from '../support/read-resource.ts';

const TERMS = 'http://example.org/terms/';
const PREFIXES = `@prefix : <${TERMS}> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
  @prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> . `;
const turtle = (body: string) => bytesResource(PREFIXES + body, [7, 1000], 'terms.ttl');

async function conceptsOf(body: string): Promise<SkosConcept[]> {
  const items = await readRecords(rdf, turtle(body));
  return items.flatMap((item) => (isFailure(item) ? [] : [item.value as SkosConcept]));
}

describe('terms of the same text', () => {
  it('differ by their kind, their language and their datatype', async () => {
    const [s] = await conceptsOf(
      ':s a skos:Concept ; :p <http://example/o> , "http://example/o" , "o" , "o"@en , "o"@de , "o"^^:dt , "5" , 5 , "o"@EN .',
    );
    const values = s?.properties?.[`${TERMS}p`]?.map((value) => Object.values(value).join(' '));
    expect(values).toEqual([
      'uri http://example/o',
      'literal http://example/o',
      'literal o',
      'literal o en',
      'literal o de',
      `literal o ${TERMS}dt`,
      'literal 5',
      'literal 5 http://www.w3.org/2001/XMLSchema#integer',
    ]);
  });
});

describe('a hierarchy', () => {
  const CHAINS: readonly (readonly [string, string])[] = [
    ['broader', ':c skos:broader :b . :b skos:broader :a .'],
    ['narrower alone', ':a skos:narrower :b . :b skos:narrower :c .'],
    ['both', ':a skos:narrower :b . :b skos:broader :a ; skos:narrower :c . :c skos:broader :b .'],
    ['one of each', ':a skos:narrower :b . :c skos:broader :b .'],
    ['narrowerTransitive', ':a skos:narrowerTransitive :b , :c . :b skos:narrowerTransitive :c .'],
    ['broaderTransitive', ':c skos:broaderTransitive :a , :b . :b skos:broaderTransitive :a .'],
  ];

  it.each(CHAINS)('by %s gives the same ancestors', async (_, statements) => {
    const concepts = await conceptsOf(`:a a skos:Concept . :b a skos:Concept . :c a skos:Concept . ${statements}`);
    const ancestors = concepts.map(({ ancestors }) => ancestors.map(({ id, distance }) => [id.slice(-1), distance]));
    expect(ancestors).toEqual([
      [],
      [['a', 1]],
      [
        ['a', 2],
        ['b', 1],
      ],
    ]);
  });

  it('has its schemes by each way of naming the top', async () => {
    const concepts = await conceptsOf(
      ':a a skos:Concept ; skos:topConceptOf :s . :b a skos:Concept . :s skos:hasTopConcept :b . :c a skos:Concept ; skos:inScheme :s .',
    );
    expect(concepts.map(({ inScheme }) => inScheme)).toEqual([[`${TERMS}s`], [`${TERMS}s`], [`${TERMS}s`]]);
  });
});

describe('a deprecated concept', () => {
  const KINDS: readonly (readonly [Transformer, string, string])[] = [
    [euroscivocTransformer, ':', ''],
    [gemetTransformer, ':', ''],
    [nvsTransformer, '<http://vocab.nerc.ac.uk/collection/P02/current/', '>'],
    [meshSubjects, '<http://id.nlm.nih.gov/mesh/D00000', '>'],
  ];
  const name = (start: string, number: number, end: string): string => `${start}${String(number)}${end}`;

  it.each(
    KINDS.flatMap((kind) => ['true', '"true"', '"1"^^xsd:boolean', '"TRUE"'].map((value) => [kind, value] as const)),
  )('is neither published nor a parent: %#', async ([transformer, start, end], value) => {
    const concepts = await conceptsOf(
      [
        `${name(start, 1, end)} a skos:Concept ; skos:notation "1" ; skos:prefLabel "a" ; owl:deprecated false .`,
        `${name(start, 2, end)} a skos:Concept ; skos:notation "2" ; skos:prefLabel "b" ; owl:deprecated ${value} ; skos:broader ${name(start, 1, end)} .`,
        `${name(start, 3, end)} a skos:Concept ; skos:notation "3" ; skos:prefLabel "c" ; skos:broader ${name(start, 2, end)} .`,
      ].join('\n'),
    );
    const transform = transformer.create(transformer.args.parse({}), { logger: silentLogger() });
    const made = concepts.map((concept) => transform(concept, { origin: () => '', warn: () => undefined }));
    expect(JSON.stringify(made[1])).toContain('deprecated');
    expect(made[0]).toHaveProperty('subject', expect.stringMatching(/^a$/i));
    const parents = (made[2] as { props?: { parents?: string } }).props?.parents;
    if (parents !== undefined) expect(parents.split(',')).toHaveLength(1);
  });
});

describe('a syntax under another name', () => {
  const TYPE = '<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>';
  const CONCEPT = '<http://www.w3.org/2004/02/skos/core#Concept>';

  it.each([
    ['terms.ttl', `${PREFIXES} :g { :a a skos:Concept . }`],
    ['terms.ttl', `${PREFIXES} GRAPH :g { :a a skos:Concept . }`],
    ['terms.ttl', `<${TERMS}a> ${TYPE} ${CONCEPT} <${TERMS}g> .`],
    ['terms.nq', `<${TERMS}a> ${TYPE} ${CONCEPT} <${TERMS}g> .`],
    ['terms.trig', `${PREFIXES} :b a skos:Concept . :g { :a a skos:Concept . }`],
    ['terms.nt', `<${TERMS}b> ${TYPE} ${CONCEPT} .\n<${TERMS}a> ${TYPE} ${CONCEPT} <${TERMS}g> .\n`],
  ])('with named graphs is refused: %s %#', async (file, body) => {
    const error = await errorOf(readRecords(rdf, bytesResource(body, [1000], file)));
    expect(error.code).toBe('E_RDF_NOT_RDF');
    expect(error.message).toContain('named graphs');
  });

  it.each([
    ['terms.nt', `# made by hand\n${PREFIXES} :a a skos:Concept .`],
    ['terms.rdf', `${PREFIXES} :a a skos:Concept .`],
    ['terms.trig', `${PREFIXES} :a a skos:Concept .`],
    ['terms.nq', `<${TERMS}a> ${TYPE} ${CONCEPT} .`],
    [
      'terms.ttl',
      `\n <?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="${TERMS}a"><rdf:type rdf:resource="http://www.w3.org/2004/02/skos/core#Concept"/></rdf:Description></rdf:RDF>`,
    ],
  ])('is read where it is none: %s %#', async (file, body) => {
    const context = testContext();
    const items = await readRecords(rdf, bytesResource(body, [1000], file), {}, context);
    expect(outline(items)).toMatchObject([{ id: `${TERMS}a` }]);
    const isBlank = body.startsWith('\n');
    expect(context.warnings.map(({ code }) => code)).toEqual(isBlank ? ['W_XML_BLANK_START'] : []);
  });
});
