/** Which members of an archive an operator wants: a regular expression that is searched for, as in Python's `re.search`. */
import { RE2JS } from 're2js';
import { ConfigError, messageOf } from '../errors.ts';

export interface MemberPattern {
  readonly text: string;
  matches(name: string): boolean;
}

/** Patterns come from configs and names from archives: the engine takes linear time for any of both. */
export function compileMemberPattern(text: string): MemberPattern {
  const fault = faultOfPattern(text);
  if (fault !== undefined) {
    throw new ConfigError(
      'E_REGEX_INVALID',
      `The regex ${JSON.stringify(text)} should be in RE2 syntax, but ${fault}. Look-around and back-references are not available.`,
      { details: { regex: text } },
    );
  }
  const compiled = RE2JS.compile(text);
  return { text, matches: (name) => compiled.test(name) };
}

/** Why a text is no pattern; undefined for a good one. */
export function faultOfPattern(text: string): string | undefined {
  try {
    RE2JS.compile(text);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
