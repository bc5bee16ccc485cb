/** Detects the RDF syntax of a resource by its first bytes and its name. */
import { SourceError } from '../../errors.ts';
import { CONTENT_TEXTS, firstBytes, sniffContent } from '../bytes/sniff-content.ts';

export const RDF_SYNTAXES = ['rdf-xml', 'turtle', 'n-triples'] as const;

export type RdfSyntax = (typeof RDF_SYNTAXES)[number];

/**
 * An element after a declaration or a comment. `<http://…>` and `<urn:…>` begin statements of the other two syntaxes.
 */
const XML_OPENING = /^<(\?xml|!--|!DOCTYPE|[\p{L}_][\p{L}\p{N}_.·-]*(:[\p{L}_][\p{L}\p{N}_.·-]*)?(\s|>(?!\s*<)|\/>))/iu;
/** What Turtle may begin with: a directive, an IRI, a prefixed name, a blank node, a collection, a comment. */
const TURTLE_OPENING = /^(@(prefix|base)\b|(prefix|base)\s|<|_:|\[|\(|#|[A-Za-z][\w.-]*:|:)/i;

/** After comments. */
const TURTLE_DIRECTIVE = /^(\s|#[^\n]*\n)*(@(prefix|base)\b|(prefix|base)\s)/i;

/** `start` is text. Throws SourceError E_RDF_NOT_RDF for anything else. */
export function sniffRdfSyntax(start: string, name: string): RdfSyntax {
  const text = start.trimStart();
  const found = sniffContent(Buffer.from(text.slice(0, 2000)));
  const isOther =
    found !== undefined && found !== 'markup' && !(found === 'json' && /^\[\s*(\]|a\s|[\w-]*:|<)/.test(text));
  if (isOther) throw notRdf(name, text, CONTENT_TEXTS[found]);
  if (XML_OPENING.test(text)) return 'rdf-xml';
  // N-Triples has no directives, so this is Turtle under another name.
  if (/\.(nt|ntriples)$/i.test(name) && !TURTLE_DIRECTIVE.test(text)) return 'n-triples';
  if (TURTLE_OPENING.test(text)) return 'turtle';
  throw notRdf(name, text, undefined);
}

function notRdf(name: string, text: string, found: string | undefined): SourceError {
  const start = firstBytes(Buffer.from(text.slice(0, 200)));
  const what = found === undefined ? `something that begins with ${start}` : `${found}, which begins with ${start}`;
  return new SourceError(
    'E_RDF_NOT_RDF',
    `${name} should be RDF/XML, Turtle or N-Triples, but it is ${what}. Check what its address or archive really holds, or name its "format".`,
    { details: { resource: name, found: found ?? null } },
  );
}
