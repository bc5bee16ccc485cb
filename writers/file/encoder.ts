import type { Document } from '../../src/records/document.ts';

/** Encodes records of one format as bytes. */
export interface Encoder {
  /** Returns the bytes that are ready; some formats hold records back until a group is full. */
  encode(documents: readonly Document[]): Promise<Buffer>;
  /** Returns the rest. A file without any record is valid too. */
  end(): Promise<Buffer>;
  /** Frees what an encoder that did not end holds. May be called twice. */
  close(): void;
}
