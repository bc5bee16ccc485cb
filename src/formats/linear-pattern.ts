/** Regular expressions of operators, run by RE2: the time is linear in the length of the text, whatever they wrote. */
import { createRequire } from 'node:module';
import type * as Re2 from 're2js';

export interface LinearPattern {
  test(text: string): boolean;
  /** How many groups it has besides group 0, the whole match. */
  groupCount(): number;
}

/** A pattern that also extracts groups and replaces matches. */
export interface LinearMatcher extends LinearPattern {
  /** Returns the text of a group in the first match, or undefined if nothing matches or the group did not take part. */
  find(text: string, group: number): string | undefined;
  /** Replaces every match. In `replacement`, `$1` to `$9` are groups, `$&` is the match and `$$` a dollar sign. */
  replaceAll(text: string, replacement: string): string;
}

const require = createRequire(import.meta.url);

/** Throws an Error of RE2 for an invalid pattern. The engine is loaded on first use: most commands never need it. */
export function compileLinearPattern(text: string): LinearPattern {
  const { RE2JS } = require('re2js') as typeof Re2;
  return RE2JS.compile(text);
}

/** As compileLinearPattern. */
export function compileLinearMatcher(text: string): LinearMatcher {
  const { RE2JS } = require('re2js') as typeof Re2;
  const compiled = RE2JS.compile(text);
  return {
    test: (subject) => compiled.test(subject),
    groupCount: () => compiled.groupCount(),
    find: (subject, group) => {
      const matcher = compiled.matcher(subject);
      return matcher.find() ? (matcher.group(group) ?? undefined) : undefined;
    },
    replaceAll: (subject, replacement) => compiled.matcher(subject).replaceAll(replacement),
  };
}
