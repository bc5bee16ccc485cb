import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { rdf } from '../../readers/rdf.ts';
import type { SkosConcept } from '../../src/formats/skos/concept.ts';
import { isFailure } from '../../src/records/entry.ts';
import { formatFixtures } from '../support/format-fixtures.ts';
import { bytesResource, errorOf, outline, pathResource, readRecords, testContext } from '../support/read-resource.ts';

const TERMS = 'http://example.org/terms/';
const CONCEPT = 'http://www.w3.org/2004/02/skos/core#Concept';

const text = (value: string, lang?: string) => (lang === undefined ? { value } : { value, lang });

const trees: readonly SkosConcept[] = [
  {
    id: `${TERMS}oak`,
    types: [CONCEPT],
    prefLabel: [text('Oak', 'en'), text('Eiche', 'de')],
    altLabel: [text('Quercus')],
    notation: ['3'],
    broader: [`${TERMS}tree`],
    memberOf: [`${TERMS}woody`],
    ancestors: [
      { id: `${TERMS}plant`, distance: 2, notation: ['1'], prefLabel: [text('Plant', 'en')] },
      { id: `${TERMS}tree`, distance: 1, notation: ['2'], prefLabel: [text('Tree', 'en')] },
    ],
  },
  {
    id: `${TERMS}tree`,
    types: [CONCEPT],
    prefLabel: [text('Tree', 'en')],
    notation: ['2'],
    broader: [`${TERMS}plant`],
    ancestors: [{ id: `${TERMS}plant`, distance: 1, notation: ['1'], prefLabel: [text('Plant', 'en')] }],
  },
  { id: `${TERMS}plant`, types: [CONCEPT], prefLabel: [text('Plant', 'en')], notation: ['1'], ancestors: [] },
];

const PREFIXES = `@prefix : <${TERMS}> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> . `;
const turtle = (body: string) => bytesResource(PREFIXES + body, [7, 1000], 'terms.ttl');

describe('rdf', () => {
  it.each(formatFixtures('rdf', 'ok'))('gives the same concepts for $name', async ({ path }) => {
    expect(outline(await readRecords(rdf, pathResource(path)))).toEqual(trees);
  });

  it.each(formatFixtures('rdf', 'ok'))('reads $name however its bytes come', async ({ path, name }) => {
    for (const sizes of [[1], [3, 50, 1], [4096]]) {
      const resource = bytesResource(readFileSync(path), sizes, name);
      expect(outline(await readRecords(rdf, resource))).toEqual(trees);
    }
  });

  it.each(formatFixtures('rdf', 'bad'))('refuses $name with its code', async ({ path, code, name }) => {
    const error = await errorOf(readRecords(rdf, pathResource(path)));
    expect(error.code).toBe(code);
    expect(error.message).toContain(name);
  });

  it('refuses RDF/XML that ends anywhere before the end of its root element, or inside a comment after it', async () => {
    const { path } = formatFixtures('rdf', 'ok').find(({ name }) => name === 'trees.rdf') ?? { path: '' };
    const root = readFileSync(path, 'utf8').trimEnd();
    const rest = ' <!-- a > b <c/> --><?pi <d> ?>\n';
    // The parser does not find the end by itself, so that these are our own rules.
    const isEnd = (length: number): boolean => /^\s*(<!-- [^-]*-->(<\?pi.*\?>\s*)?)?$/.test(rest.slice(0, length));
    for (let length = root.lastIndexOf('<'); length <= root.length + rest.length; length += 1) {
      const resource = bytesResource((root + rest).slice(0, length), [65_536], 'cut.rdf');
      const read = readRecords(rdf, resource);
      if (length >= root.length && isEnd(length - root.length)) expect(outline(await read)).toEqual(trees);
      else expect((await errorOf(read)).code).toBe('E_RDF_SYNTAX');
    }
    const second = await errorOf(readRecords(rdf, bytesResource(`${root}<end/>`, [65_536], 'two.rdf')));
    expect(second.code).toBe('E_RDF_SYNTAX');
  });

  it.each(['utf16le', 'latin1'] as const)('reads RDF/XML in the encoding that it declares: %s', async (encoding) => {
    const label = { utf16le: 'UTF-16', latin1: 'ISO-8859-1' }[encoding];
    const document = `<?xml version="1.0" encoding="${label}"?>
      <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:skos="http://www.w3.org/2004/02/skos/core#">
        <skos:Concept rdf:about="${TERMS}elm"><skos:prefLabel xml:lang="fr">Orme champêtre</skos:prefLabel></skos:Concept>
      </rdf:RDF>`;
    const items = await readRecords(rdf, bytesResource(Buffer.from(document, encoding), [3], 'elm.rdf'));
    expect(items).toMatchObject([{ value: { prefLabel: [text('Orme champêtre', 'fr')] } }]);
  });

  it('loses a concept with bytes of another encoding, and no other', async () => {
    const body = `${PREFIXES}:a a skos:Concept ; skos:prefLabel "Forêt"@fr . :b a skos:Concept ; skos:prefLabel "Bois"@fr .`;
    const items = await readRecords(rdf, bytesResource(Buffer.from(body, 'latin1'), [1000], 'terms.ttl'));
    expect(outline(items)).toMatchObject(['0:E_RECORD_SYNTAX', { id: `${TERMS}b` }]);
  });

  it('gives the types that are asked for', async () => {
    const types = ['http://www.w3.org/2004/02/skos/core#Collection'];
    const items = await readRecords(rdf, turtle(':c a skos:Collection ; skos:prefLabel "C" . :d a skos:Concept .'), {
      types,
    });
    expect(outline(items)).toMatchObject([{ id: `${TERMS}c`, prefLabel: [text('C')] }]);
  });

  it('says which classes there are where none is wanted', async () => {
    const context = testContext();
    expect(await readRecords(rdf, turtle(':c a skos:Collection .'), {}, context)).toEqual([]);
    expect(context.warnings).toMatchObject([{ code: 'W_RDF_NO_CONCEPT' }]);
    expect(context.warnings[0]?.message).toContain('skos/core#Collection (1)');
  });

  it('gives nothing for an empty document: the engine decides what that means', async () => {
    expect(await readRecords(rdf, bytesResource(' \n', [10], 'terms.ttl'))).toEqual([]);
  });
});

describe('a concept', () => {
  it('in a circle of broader keeps its other ancestors, with a warning', async () => {
    const context = testContext();
    const items = await readRecords(
      rdf,
      turtle(':a a skos:Concept ; skos:broader :b . :b a skos:Concept ; skos:broader :a , :c . :c a skos:Concept .'),
      {},
      context,
    );
    const ancestors = items.map((item) =>
      isFailure(item) ? item.error.code : (item.value as SkosConcept).ancestors.map(({ id }) => id.replace(TERMS, '')),
    );
    expect(ancestors).toEqual([['c', 'b'], ['a', 'c'], []]);
    expect(context.warnings.map(({ code }) => code)).toEqual(['W_SKOS_CYCLE', 'W_SKOS_CYCLE']);
  });

  it('with several ways up has each ancestor once, by its shortest way', async () => {
    const items = await readRecords(
      rdf,
      turtle(
        ':a a skos:Concept ; skos:broader :b , :c . :b a skos:Concept ; skos:broader :d . :c a skos:Concept ; skos:broader :d .',
      ),
    );
    const [a] = items.map((item) => (isFailure(item) ? undefined : (item.value as SkosConcept)));
    expect(a?.ancestors).toEqual([
      { id: `${TERMS}d`, distance: 2 },
      { id: `${TERMS}b`, distance: 1 },
      { id: `${TERMS}c`, distance: 1 },
    ]);
  });

  it('has the ancestors that its document describes, whether it calls them concepts or not', async () => {
    const items = await readRecords(
      rdf,
      turtle(':a a skos:Concept ; skos:broader :b . :b skos:notation "2" ; skos:broader :c . :c skos:notation "1" .'),
    );
    expect(items.map((item) => (isFailure(item) ? undefined : (item.value as SkosConcept).ancestors))).toEqual([
      [
        { id: `${TERMS}c`, distance: 2, notation: ['1'] },
        { id: `${TERMS}b`, distance: 1, notation: ['2'] },
      ],
    ]);
  });

  it('without a label is a record like any other', async () => {
    expect(outline(await readRecords(rdf, turtle(':a a skos:Concept .')))).toEqual([
      { id: `${TERMS}a`, types: [CONCEPT], ancestors: [] },
    ]);
  });

  it('that is a blank node, or is named relative to nothing, is rejected alone', async () => {
    const items = await readRecords(
      rdf,
      turtle('[] a skos:Concept . <a> a skos:Concept . :b a skos:Concept ; skos:broader <a> .'),
    );
    expect(outline(items)).toEqual([
      '0:E_RECORD_NO_ID',
      '1:E_RECORD_RELATIVE_IRI',
      { id: `${TERMS}b`, types: [CONCEPT], ancestors: [] },
    ]);
    const context = testContext();
    await readRecords(
      rdf,
      turtle('<a> a skos:Concept ; skos:broader <b> . :c a skos:Concept ; skos:broader <a> .'),
      {},
      context,
    );
    expect(context.warnings).toMatchObject([{ code: 'W_RDF_RELATIVE_IRI' }]);
  });

  it('is named by `base_iri` where the document has no base', async () => {
    const items = await readRecords(rdf, turtle('<a> a skos:Concept ; skos:broader <b> .'), { base_iri: TERMS });
    expect(outline(items)).toMatchObject([{ id: `${TERMS}a`, broader: [`${TERMS}b`] }]);
  });

  it('with more levels above it than allowed is rejected alone', async () => {
    const chain = Array.from(
      { length: 30 },
      (_, i) => `:c${String(i)} a skos:Concept ; skos:broader :c${String(i + 1)} .`,
    );
    const items = await readRecords(rdf, turtle(chain.join(' ')), { max_depth: 20 });
    expect(items.filter(isFailure).map(({ error }) => error.code)).toEqual(Array(10).fill('E_RECORD_TOO_DEEP'));
    expect(items).toHaveLength(30);
  });

  it('keeps what else is said of it, as SPARQL results write values', async () => {
    const items = await readRecords(
      rdf,
      turtle(
        `:a a skos:Concept ; :note "x"@EN ; :size 7 ; :see <http://example.org/b> ; skos:exactMatch :b , :b ; skos:__proto__ "p" .`,
      ),
    );
    const [a] = items.map((item) => (isFailure(item) ? undefined : (item.value as SkosConcept)));
    expect(a?.properties).toEqual({
      [`${TERMS}note`]: [{ type: 'literal', value: 'x', 'xml:lang': 'en' }],
      [`${TERMS}size`]: [{ type: 'literal', value: '7', datatype: 'http://www.w3.org/2001/XMLSchema#integer' }],
      [`${TERMS}see`]: [{ type: 'uri', value: 'http://example.org/b' }],
      'http://www.w3.org/2004/02/skos/core#exactMatch': [{ type: 'uri', value: `${TERMS}b` }],
      'http://www.w3.org/2004/02/skos/core#__proto__': [{ type: 'literal', value: 'p' }],
    });
  });
});

describe('a broken line of N-Triples', () => {
  const type = '<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>';
  const concept = (name: string) => `<${TERMS}${name}> ${type} <${CONCEPT}> .`;

  it('is one rejection behind the concepts, with its line', async () => {
    const lines = [concept('a'), '<http://example.org/a> is broken .', concept('b'), '', concept('c')];
    const items = await readRecords(rdf, bytesResource(lines.join('\r\n'), [50], 'terms.nt'));
    expect(outline(items)).toMatchObject([
      { id: `${TERMS}a` },
      { id: `${TERMS}b` },
      { id: `${TERMS}c` },
      '3:E_RECORD_SYNTAX',
    ]);
    expect(items[3]).toMatchObject({ raw: lines[1], error: { details: { line: 2 } } });
  });

  it('is not one of thousands', async () => {
    const resource = bytesResource('<a> <b>\n'.repeat(1500), [1000], 'terms.nt');
    expect((await errorOf(readRecords(rdf, resource))).code).toBe('E_RDF_TOO_LARGE');
  });
});

describe('limits', () => {
  it('bound what is held', async () => {
    const many = Array.from(
      { length: 2000 },
      (_, i) => `:c${String(i)} a skos:Concept ; skos:prefLabel "Concept"@en .`,
    );
    const error = await errorOf(readRecords(rdf, turtle(many.join(' ')), { max_held_bytes: 10_000 }));
    expect(error).toMatchObject({ code: 'E_RDF_TOO_LARGE', details: { max_held_bytes: 10_000 } });
    const base = testContext();
    const small = testContext({ services: { ...base.services, memoryBytes: 40_000 } });
    const inProcess = await errorOf(readRecords(rdf, turtle(many.join(' ')), {}, small));
    expect(inProcess).toMatchObject({ code: 'E_RDF_TOO_LARGE', details: { max_held_bytes: 10_000 } });
    expect(inProcess.message).toContain('a quarter of VOCAB_SYNC_STEP_MEMORY');
    const { path } = formatFixtures('rdf', 'ok').find(({ name }) => name === 'trees.rdf') ?? { path: '' };
    expect((await errorOf(readRecords(rdf, pathResource(path), { max_held_bytes: 100 }))).code).toBe('E_RDF_TOO_LARGE');
  });

  it.each([
    ['terms.ttl', `${PREFIXES}:a a skos:Concept ; skos:prefLabel "${'x'.repeat(300_000)}" .`],
    ['terms.nt', `<${TERMS}a> <${TERMS}p> "${'x'.repeat(300_000)}" .`],
    [
      'terms.rdf',
      `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="http://a/"><p xmlns="http://b/">${'x'.repeat(300_000)}</p></rdf:Description></rdf:RDF>`,
    ],
  ])('bound a statement in %s', async (name, document) => {
    const resource = bytesResource(document, [10_000], name);
    const error = await errorOf(readRecords(rdf, resource, { max_statement_bytes: 100_000 }));
    expect(error.code).toBe('E_RDF_TOO_LARGE');
    expect(await readRecords(rdf, resource)).toHaveLength(name === 'terms.ttl' ? 1 : 0);
  });

  it('bound the depth of elements', async () => {
    const open = '<rdf:Description xmlns:p="http://p/"><p:q xmlns:q="http://q/">'.repeat(50_000);
    const document = `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">${open}`;
    expect((await errorOf(readRecords(rdf, bytesResource(document, [65_536], 'deep.rdf')))).code).toBe(
      'E_RDF_TOO_LARGE',
    );
  });

  it('bound the values of one property of one concept', async () => {
    const labels = Array.from({ length: 3000 }, (_, i) => `"l${String(i)}"`).join(',');
    const items = await readRecords(rdf, turtle(`:a a skos:Concept ; skos:altLabel ${labels} . :b a skos:Concept .`));
    expect(outline(items)).toMatchObject(['0:E_RECORD_TOO_LARGE', { id: `${TERMS}b` }]);
  });
});
