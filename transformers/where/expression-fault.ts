/** A fault of a JMESPath expression and its place, and the tokens by which the place is found. */
import { tokenize } from '@jmespath-community/jmespath';

/** `at` counts characters from 1, as people do. */
export interface ExpressionFault {
  readonly at: number;
  readonly message: string;
}

interface PlainToken {
  readonly type: string;
  readonly value: unknown;
  readonly start: number;
}

/** The type of the library names its tokens by an enum that it does not export. */
export function tokensOf(text: string): readonly PlainToken[] {
  return tokenize(text);
}
