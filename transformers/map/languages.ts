/**
 * The choice of texts by their language. Four forms are understood: a list of `{"value": …, "lang": …}`, one such object,
 * an object from languages to texts (`{"en": …}`), and a plain text, which has no language.
 */
import { z } from 'zod';
import { quote } from '../../src/clip.ts';
import { getOwn, isJsonObject, setOwn, type JsonObject } from '../../src/records/json-object.ts';
import { ConversionError } from './conversion-error.ts';

const TAG = /^[a-z]{2,8}(?:[-_][a-z0-9]{1,8})*$/i;

const range = z.string().max(35).regex(TAG, 'expected a language such as "en" or "zh-Hant"');

/** The names of the two in the readers of vocab-sync and in common APIs. */
const TEXT_KEYS = ['value', 'text', '@value', '#text', 'label', 'literal', 'name', 'title'];
const LANGUAGE_KEYS = ['lang', 'language', '@lang', '@language', 'xml:lang', '@xml:lang'];

const keys = {
  text_key: z
    .string()
    .min(1)
    .optional()
    .describe(`The key of the text in an object. Default: the first of these that exists: ${TEXT_KEYS.join(', ')}.`),
  language_key: z
    .string()
    .min(1)
    .optional()
    .describe(
      `The key of the language in an object. Default: the first of these that exists: ${LANGUAGE_KEYS.join(', ')}.`,
    ),
};

/** The text for a value that is not an object. */
function example(text: string) {
  return {
    error: ({ code }: { readonly code?: string }) => (code === 'invalid_type' ? `expected ${text}` : undefined),
  };
}

export const languageArgs = z.strictObject(
  {
    prefer: z
      .array(range)
      .min(1)
      .max(20)
      .describe(
        'The languages, in order: the first one with a text is chosen. `en` also means `en-GB`, but not `eng`. Upper and lower case are the same.',
      ),
    fallback: z
      .enum(['none', 'untagged', 'any'])
      .default('none')
      .describe(
        'What is chosen if there is no text in these languages: nothing (`none`), the first text without a language (`untagged`), or that and otherwise the first in any language (`any`).',
      ),
    ...keys,
  },
  example('an object such as {"prefer": ["en", "de"]}'),
);

export const languagesArgs = z.strictObject(
  {
    only: z
      .array(range)
      .min(1)
      .max(200)
      .optional()
      .describe('The languages that are kept, under these names. Default: all, in lower case.'),
    ...keys,
  },
  example('an object such as {} or {"only": ["en", "de"]}'),
);

export type LanguageArgs = z.infer<typeof languageArgs>;
export type LanguagesArgs = z.infer<typeof languagesArgs>;

interface Tagged {
  readonly text: string;
  /** In lower case, with hyphens. */
  readonly language: string | undefined;
}

interface Keys {
  readonly text_key?: string | undefined;
  readonly language_key?: string | undefined;
}

/** Returns a function that chooses one text. It throws ConversionError for what holds no texts. */
export function compileLanguage(args: LanguageArgs): (value: unknown) => string | undefined {
  const ranges = args.prefer.map(toTag);
  return (value) => {
    const texts = taggedTexts(value, args);
    for (const wanted of ranges) {
      const found = texts.find(({ language }) => matches(language, wanted));
      if (found !== undefined) return found.text;
    }
    if (args.fallback === 'none') return undefined;
    const untagged = texts.find(({ language }) => language === undefined);
    return (untagged ?? (args.fallback === 'any' ? texts[0] : undefined))?.text;
  };
}

/** Returns a function that makes an object from languages to texts, with the first text of each language. */
export function compileLanguages(args: LanguagesArgs): (value: unknown) => JsonObject | undefined {
  const only = args.only?.map((name) => [name, toTag(name)] as const);
  return (value) => {
    const texts = taggedTexts(value, args);
    const result: Record<string, string> = {};
    const add = (name: string, text: string | undefined): void => {
      if (text !== undefined && !Object.hasOwn(result, name)) setOwn(result, name, text);
    };
    if (only === undefined) for (const { language, text } of texts) if (language !== undefined) add(language, text);
    for (const [name, wanted] of only ?? []) add(name, texts.find(({ language }) => matches(language, wanted))?.text);
    return Object.keys(result).length === 0 ? undefined : result;
  };
}

/** Whether a text for `wanted` may be put under `name`: `en-GB` fits `en`. */
export function fitsLanguage(wanted: string, name: string): boolean {
  return matches(toTag(wanted), toTag(name));
}

function toTag(written: string): string {
  return written.toLowerCase().replaceAll('_', '-');
}

function matches(language: string | undefined, wanted: string): boolean {
  return language === wanted || language?.startsWith(`${wanted}-`) === true;
}

function taggedTexts(value: unknown, keys: Keys): readonly Tagged[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.flatMap((item) => textsOf(item, keys, undefined)).filter(({ text }) => text.trim() !== '');
}

function textsOf(item: unknown, keys: Keys, language: string | undefined): readonly Tagged[] {
  if (item === null) return [];
  if (typeof item === 'string') return [{ text: item, language }];
  if (!isJsonObject(item)) throw new ConversionError('texts with their languages', item);
  const textKey = keyOf(item, keys.text_key, TEXT_KEYS);
  if (textKey !== undefined) {
    const text = getOwn(item, textKey);
    if (text === null) return [];
    if (typeof text !== 'string') throw new ConversionError(`a text in the key "${textKey}"`, text);
    return [{ text, language: languageOf(item, keys.language_key) ?? language }];
  }
  const names = Object.keys(item);
  const stranger = names.find((name) => !TAG.test(name) && !isNoLanguage(name));
  if (language !== undefined || stranger !== undefined || (keys.text_key ?? keys.language_key) !== undefined) {
    const wanted =
      keys.text_key === undefined
        ? 'an object from languages to texts, or one with a key for the text (set "text_key")'
        : `an object with the key "${keys.text_key}"`;
    throw new ConversionError(
      wanted,
      item,
      `an object with the keys ${
        names
          .slice(0, 8)
          .map((name) => quote(name))
          .join(', ') || '(none)'
      }`,
    );
  }
  return names.flatMap((name) => {
    const found = getOwn(item, name);
    const inner: readonly unknown[] = Array.isArray(found) ? found : [found];
    return inner.flatMap((text) => textsOf(text, keys, isNoLanguage(name) ? undefined : toTag(name)));
  });
}

function keyOf(item: JsonObject, named: string | undefined, usual: readonly string[]): string | undefined {
  if (named !== undefined) return Object.hasOwn(item, named) ? named : undefined;
  return usual.find((key) => typeof getOwn(item, key) === 'string') ?? usual.find((key) => Object.hasOwn(item, key));
}

function languageOf(item: JsonObject, named: string | undefined): string | undefined {
  const key = keyOf(item, named, LANGUAGE_KEYS);
  const found = key === undefined ? undefined : getOwn(item, key);
  if (found === undefined || found === null || found === '') return undefined;
  if (typeof found !== 'string') throw new ConversionError(`a language in the key "${String(key)}"`, found);
  return isNoLanguage(found) ? undefined : toTag(found);
}

/** ISO 639 and JSON-LD have names for the absence of a language. */
function isNoLanguage(name: string): boolean {
  return ['', '@none', 'none', 'und', 'zxx'].includes(name.toLowerCase());
}
