/** Facts in the formats of the thesauri: RDF/XML of EuroSciVoc, GEMET and NVS, and the fixture of MeSH. */
import { withEdits, type Fact } from './facts.ts';
import { escapeXml } from './write-xml.ts';

/** Language and text; an empty language means no language. */
type Text = readonly [string, string];

interface ConceptFact extends Fact {
  readonly labels?: readonly Text[];
  readonly alt?: readonly Text[];
}

interface EuroscivocFact extends ConceptFact {
  readonly number: string | null;
  readonly key: string;
  readonly broader?: readonly string[];
}

interface GemetFact extends ConceptFact {
  readonly concept: number | string;
  readonly broader?: readonly number[];
}

interface NvsFact extends ConceptFact {
  readonly code: string;
  readonly defined: boolean;
  readonly collection?: string;
  readonly deprecated?: boolean;
}

interface MeshFact extends Fact {
  readonly id: string;
  readonly subject: string;
  readonly scheme?: string | null;
}

const EUROSCIVOC = 'http://data.europa.eu/8mn/euroscivoc/';
const GEMET = 'http://www.eionet.europa.eu/gemet/';
const NVS = 'http://vocab.nerc.ac.uk/collection/';

export function euroscivocDocument(facts: readonly Fact[]): string {
  return rdf(
    facts.map((fact) => {
      const { number, key, broader = [] } = fact as EuroscivocFact;
      const lines = [
        ...broader.map((parent) => `<skos:broader rdf:resource="${EUROSCIVOC}${parent}"/>`),
        `<skos:notation>${key}</skos:notation>`,
        ...(number === null ? [] : [`<skos:notation>${number}</skos:notation>`]),
      ];
      return concept(`${EUROSCIVOC}${key}`, lines, fact);
    }),
  );
}

export function gemetDocument(facts: readonly Fact[]): string {
  return rdf(
    facts.map((fact) => {
      const { concept: id, broader = [] } = fact as GemetFact;
      const parents = broader.map((parent) => `<skos:broader rdf:resource="${GEMET}concept/${String(parent)}"/>`);
      return concept(`${GEMET}${typeof id === 'number' ? `concept/${String(id)}` : id}`, parents, fact);
    }),
  );
}

export function nvsDocument(facts: readonly Fact[]): string {
  return rdf(
    facts.map((fact) => {
      const { code, defined, collection = 'P02', deprecated = false } = fact as NvsFact;
      const lines = [
        `<skos:notation>SDN:${collection}::${code}</skos:notation>`,
        ...(defined ? [`<skos:definition xml:lang="en">What ${code} stands for.</skos:definition>`] : []),
        `<owl:deprecated>${String(deprecated)}</owl:deprecated>`,
      ];
      return concept(`${NVS}${collection}/current/${code}/`, lines, fact);
    }),
  );
}

function rdf(concepts: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:skos="http://www.w3.org/2004/02/skos/core#" xmlns:owl="http://www.w3.org/2002/07/owl#">
${concepts.join('\n')}
</rdf:RDF>
`;
}

function concept(iri: string, lines: readonly string[], fact: Fact): string {
  const { labels = [], alt = [] } = fact as ConceptFact;
  const text = (name: string, [lang, value]: Text): string =>
    `<skos:${name}${lang === '' ? '' : ` xml:lang="${lang}"`}>${escapeXml(value)}</skos:${name}>`;
  const all = [
    '<rdf:type rdf:resource="http://www.w3.org/2004/02/skos/core#Concept"/>',
    ...lines,
    ...labels.map((label) => text('prefLabel', label)),
    ...alt.map((label) => text('altLabel', label)),
  ];
  return withEdits(`<rdf:Description rdf:about="${iri}">\n  ${all.join('\n  ')}\n</rdf:Description>`, fact);
}

/** As `app_data/vocabularies/subjects_mesh.yaml` of an instance has them. Texts are JSON, which YAML reads too. */
export function meshDocument(facts: readonly Fact[]): string {
  const lines = facts.flatMap((fact) => {
    const { id, subject, scheme = 'MeSH' } = fact as MeshFact;
    return [
      `- id: ${JSON.stringify(id)}`,
      ...(scheme === null ? [] : [`  scheme: ${JSON.stringify(scheme)}`]),
      `  subject: ${JSON.stringify(subject)}`,
    ];
  });
  return `${lines.join('\n')}\n`;
}
