/** What the register says of a code. */
export interface CodeText {
  /** What happened, in one sentence. */
  readonly meaning: string;
  /** What the operator does about it, in one sentence. */
  readonly remedy: string;
}
