/** The list `names` of a ROR record: one name to show, labels by language, aliases and acronyms. */
import { quote } from '../../src/clip.ts';
import type { Warning } from '../../src/component/reader.ts';
import { RecordError } from '../../src/errors.ts';
import type { JsonObject } from '../../src/records/json-object.ts';
import { describeValue, readList, readObject, readText, readTexts } from './read-field.ts';

export interface Names {
  readonly name: string;
  readonly acronym: string | undefined;
  /** Aliases in source order, then the further acronyms, each text once. */
  readonly aliases: readonly string[];
  /** By two-letter language, sorted; `en` is always there. */
  readonly title: Readonly<Record<string, string>>;
}

interface Label {
  readonly lang: string | undefined;
  readonly text: string;
}

export function readNames(record: JsonObject, id: string, warn: (warning: Warning) => void): Names {
  let name: string | undefined;
  const labels: Label[] = [];
  const aliases: string[] = [];
  const acronyms: string[] = [];
  for (const [i, item] of namesOf(record, id).entries()) {
    const entry = readObject(item, id, 'names', i);
    const types = readTexts(entry['types'], id, 'names', i, 'types');
    const text = readText(entry['value'], id, 'names', i, 'value');
    if (text === undefined) continue;
    if (types.includes('ror_display')) name = text;
    if (types.includes('label')) labels.push({ lang: readText(entry['lang'], id, 'names', i, 'lang'), text });
    if (types.includes('alias')) aliases.push(text);
    if (types.includes('acronym')) acronyms.push(text);
  }
  if (name === undefined) throw noName(id, 'a name of type "ror_display"', 'none with text');
  const [acronym, ...furtherAcronyms] = acronyms;
  return {
    name,
    acronym,
    aliases:
      aliases.length + furtherAcronyms.length < 2
        ? aliases.concat(furtherAcronyms)
        : [...new Set([...aliases, ...furtherAcronyms])],
    title: toTitle(labels, name, id, warn),
  };
}

function namesOf(record: JsonObject, id: string): readonly unknown[] {
  const names = record['names'];
  if (names === undefined || names === null) throw noName(id, 'a list of names at /names', describeValue(names));
  return readList(names, id, 'names');
}

function noName(id: string, expected: string, found: string): RecordError {
  return new RecordError('E_RECORD_NO_NAME', `Expected ${expected} in the ROR record ${id}, found ${found}.`, {
    details: { id },
  });
}

const LANGUAGE = /^([a-z]{2})(-.+)?$/;

/** The last label of a language wins. English, where no label names it: the label without a language, else the name. */
function toTitle(
  labels: readonly Label[],
  name: string,
  id: string,
  warn: (warning: Warning) => void,
): Readonly<Record<string, string>> {
  const [only, second] = labels;
  // Three records in ten (ROR v2.9): one label, in English or without a language.
  if (second === undefined && (only?.lang === undefined || only.lang === 'en')) return { en: only?.text ?? name };
  const exact = new Map<string, string>();
  const regional = new Map<string, string>();
  let unmarked: string | undefined;
  for (const { lang, text } of labels) {
    if (lang === undefined) {
      unmarked = text;
      continue;
    }
    const [, base, region] = LANGUAGE.exec(lang.toLowerCase().replaceAll('_', '-')) ?? [];
    if (base === undefined) warn(unknownLanguage(lang, id));
    else (region === undefined ? exact : regional).set(base, text);
  }
  const title = new Map([['en', unmarked ?? name], ...regional, ...exact]);
  if (title.size === 1) return Object.fromEntries(title);
  return Object.fromEntries([...title].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function unknownLanguage(lang: string, id: string): Warning {
  return {
    code: 'W_LABEL_LANGUAGE',
    message: `Expected a language of two letters, found ${quote(lang)}: that label of ${id} is left out.`,
  };
}
