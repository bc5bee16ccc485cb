/** A record as it is published: what the last transformer of a chain put out. */

export interface Document {
  readonly id: string;
  readonly [key: string]: unknown;
}
