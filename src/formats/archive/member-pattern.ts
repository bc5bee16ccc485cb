/** Which members of an archive an operator wants: a regular expression that is searched for, as in Python's `re.search`. */
import { RE2JS } from 're2js';
import { messageOf } from '../../errors.ts';
import { translatePythonPattern } from './python-pattern.ts';

export interface MemberPattern {
  readonly text: string;
  matches(name: string): boolean;
}

/** Of a text that `faultOfPattern` found good. Names come from archives: the engine takes linear time for any of both. */
export function compileMemberPattern(text: string): MemberPattern {
  const compiled = RE2JS.compile(translatePythonPattern(text));
  return { text, matches: (name) => compiled.test(name) };
}

/** Why a text is no pattern; undefined for a good one. */
export function faultOfPattern(text: string): string | undefined {
  try {
    RE2JS.compile(translatePythonPattern(text));
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
