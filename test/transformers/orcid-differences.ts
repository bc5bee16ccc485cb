/**
 * What InvenioRDM puts out for an ORCID record, turned into what we put out, by one rule for each decided difference. Each
 * rule is made from the golden line and the text of the document alone, never from our code.
 */

/** A line of the reference outputs. */
export interface GoldenLine {
  readonly origin: string;
  readonly in_id: string | null;
  readonly out?: Readonly<Record<string, unknown>>;
  readonly error?: string;
  readonly crash?: boolean;
}

/** What becomes of a document: a record, or the code under which it is filtered or rejected. */
export type Outcome =
  | { readonly record: Readonly<Record<string, unknown>> }
  | { readonly filtered: string }
  | { readonly rejected: string };

interface Rule {
  /** As docs/compatibility.md names it. */
  readonly name: string;
  /** The outcome in place of theirs; undefined where the rule does not apply. */
  readonly apply: (line: GoldenLine, text: string) => Outcome | undefined;
}

/** The first that applies decides. */
export const orcidRules: readonly Rule[] = [
  {
    name: 'bytes that are not the declared encoding reject the record',
    apply: (_line, text) => (text.includes('\ufffd') ? { rejected: 'E_XML_ENCODING' } : undefined),
  },
  {
    name: 'a locked record is filtered',
    apply: (_line, text) => (/<error:error-code>9018</.test(text) ? { filtered: 'locked' } : undefined),
  },
  {
    name: 'a deactivated record is filtered',
    apply: ({ out }) => (out?.['given_name'] === 'Given Names Deactivated' ? { filtered: 'deactivated' } : undefined),
  },
  { name: 'an excluded name is filtered, with typographic apostrophes and hyphens allowed', apply: nameFilter },
  { name: 'one part of a name is enough', apply: oneName },
  { name: 'employments of schema 2.x are affiliations', apply: oldEmployments },
  { name: 'a comment is no crash', apply: withComments },
];

function field(text: string, name: string): string | undefined {
  const found = new RegExp(`<personal-details:${name}>([^<]*)<`).exec(text)?.[1]?.trim();
  return found === '' ? undefined : found;
}

/** InvenioRDM's own pattern, less the characters that we allow. */
const EXCLUDED = /(?![,.()\-'’ʼ´‘‐–‑])[\p{P}\p{S}\p{Nd}\p{No}\p{Emoji}]/u;

function nameFilter(line: GoldenLine, text: string): Outcome | undefined {
  const [given, family] = [field(text, 'given-names'), field(text, 'family-name')];
  const full = plain([given, family].filter((part) => part !== undefined).join(' '));
  if (full !== '' && EXCLUDED.test(full)) return { filtered: 'name' };
  if (line.error?.includes('Invalid characters in name') !== true) return undefined;
  return { record: named(line, { given_name: given, family_name: family }) };
}

function oneName(line: GoldenLine, text: string): Outcome | undefined {
  const [given, family] = [field(text, 'given-names'), field(text, 'family-name')];
  if ((given === undefined) === (family === undefined)) return undefined;
  const name = given ?? family;
  return { record: named(line, { name, ...(given === undefined ? { family_name: name } : { given_name: name }) }) };
}

/** The records that have employments at all are few: what each gives was looked up in its document. */
const OLD_EMPLOYMENTS: Readonly<Record<string, string>> = {
  'odd/public_record21.xml': 'ORCID',
  'odd/test-conversionlib-record-2.1.xml': 'ORCID',
  'odd/v20record.xml': 'ORCID EU',
};

function oldEmployments({ origin, out }: GoldenLine, text: string): Outcome | undefined {
  const name = OLD_EMPLOYMENTS[origin];
  if (name === undefined || out === undefined || !text.includes(`:name>${name}</`)) return undefined;
  return { record: { ...out, affiliations: [{ name }] } };
}

function withComments(line: GoldenLine, text: string): Outcome | undefined {
  if (line.crash !== true || !text.includes('<!--')) return undefined;
  const id = /<common:path>([\d-]{18}[\dX])</.exec(text)?.[1] ?? '';
  const names = { given_name: field(text, 'given-names'), family_name: field(text, 'family-name') };
  return { record: named({ ...line, in_id: id }, names) };
}

function named({ in_id }: GoldenLine, names: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const plainNames = Object.fromEntries(Object.entries(names).map(([key, name]) => [key, plain(String(name))]));
  return { id: in_id, ...plainNames, identifiers: [{ scheme: 'orcid', identifier: in_id }], affiliations: [] };
}

function plain(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** What is expected where no rule applies. */
export function theirOutcome({ out, error = '' }: GoldenLine): Outcome {
  if (out !== undefined) return { record: out };
  if (error.startsWith('Missing name')) return { rejected: 'E_RECORD_NO_NAME' };
  return { rejected: error };
}
