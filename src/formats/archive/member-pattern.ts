/** Which members of an archive an operator wants: a regular expression that is searched for, as in Python's `re.search`. */
import { messageOf } from '../../errors.ts';
import { compileLinearPattern } from '../linear-pattern.ts';
import { translatePythonPattern } from './python-pattern.ts';

export interface MemberPattern {
  readonly text: string;
  matches(name: string): boolean;
}

/**
 * Compiles a pattern that `faultOfPattern` accepted. Matching takes linear time, because member names come from
 * archives and are not trusted.
 */
export function compileMemberPattern(text: string): MemberPattern {
  const compiled = compileLinearPattern(translatePythonPattern(text));
  return { text, matches: (name) => compiled.test(name) };
}

/** Why a text is no pattern; undefined for a good one. */
export function faultOfPattern(text: string): string | undefined {
  try {
    compileLinearPattern(translatePythonPattern(text));
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
