/** The labels of a concept as the title by language that a subject has, and the one label that is shown. */
import { quote } from '../../src/clip.ts';
import type { Warning } from '../../src/component/reader.ts';
import { RecordError } from '../../src/errors.ts';
import type { SkosText } from '../../src/formats/skos/concept.ts';
import { textsOf, type Concept } from './read-concept.ts';

export interface Title {
  /** The English label, else the first by the code of its language. */
  readonly subject: string;
  /** By two-letter language, sorted. */
  readonly title: Readonly<Record<string, string>>;
}

const LANGUAGE = /^([a-z]{2})([-_].+)?$/;

/**
 * Returns the preferred label of each language; the last one if there are several. If no English label is preferred,
 * alternative labels fill the languages without one, the first of several, as in InvenioRDM. A label of a region
 * (`zh-cn`) is used for its language, and a label without a language for English, if there is no better one. An
 * alternative label is used in this way only if no label is preferred. `id` is the id of the published subject,
 * `toLabel` converts each text. Throws RecordError if there is no label at all.
 */
export function toTitle(concept: Concept, id: string, warn: (warning: Warning) => void, toLabel = raiseFirst): Title {
  const labels = new Map<string, string>();
  const take = (texts: readonly SkosText[]): void => {
    fill(labels, texts, { id, warn, toLabel });
  };
  take(textsOf(concept, 'prefLabel'));
  if (!labels.has('en')) {
    const alternatives = textsOf(concept, 'altLabel').toReversed();
    take(labels.size === 0 ? alternatives : alternatives.filter(({ lang }) => lang !== undefined));
  }
  if (labels.size === 0) take(textsOf(concept, 'label'));
  const sorted = [...labels].sort(([a], [b]) => (a < b ? -1 : 1));
  const subject = labels.get('en') ?? sorted[0]?.[1];
  if (subject === undefined) {
    throw new RecordError('E_RECORD_NO_NAME', `Expected a label in the concept ${concept.iri}, found none.`, {
      details: { id },
    });
  }
  return { subject, title: Object.fromEntries(sorted) };
}

interface Filling {
  readonly id: string;
  readonly warn: (warning: Warning) => void;
  readonly toLabel: (text: string) => string;
}

/** The last text of a language wins, and what is there already wins over all of them. */
function fill(labels: Map<string, string>, texts: readonly SkosText[], { id, warn, toLabel }: Filling): void {
  const regional = new Map<string, string>();
  const exact = new Map<string, string>();
  let unmarked: string | undefined;
  for (const { value, lang } of texts) {
    const [, base, region] = LANGUAGE.exec(lang ?? '') ?? [];
    if (lang === undefined) unmarked = value;
    else if (base === undefined) warn(unknownLanguage(lang, id));
    else (region === undefined ? exact : regional).set(base, value);
  }
  for (const [language, text] of [...exact, ...regional]) addOnce(labels, language, toLabel(text));
  if (unmarked !== undefined) addOnce(labels, 'en', toLabel(unmarked));
}

function addOnce(labels: Map<string, string>, language: string, text: string): void {
  if (!labels.has(language)) labels.set(language, text);
}

/** Only the first letter: `AIDS` and `pH value` stay what they are. */
function raiseFirst(text: string): string {
  const [first = ''] = text;
  return first.toUpperCase() + text.slice(first.length);
}

function unknownLanguage(lang: string, id: string): Warning {
  return {
    code: 'W_LABEL_LANGUAGE',
    message: `Expected a language of two letters, found ${quote(lang)}: that label of ${id} is left out.`,
  };
}
