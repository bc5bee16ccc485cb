/** The rows of a stage table and its columns, in the order in which they are copied. */
export const STAGE_COLUMNS = 'partition, seq, id, hash, source_hash, known, record';

export interface StagedRow {
  /** The place in source order within the partition; the later of two rows with one id wins. */
  readonly seq: number;
  readonly id: string;
  /** The document as canonical JSON text; its SHA-256 is the hash of the record. */
  readonly json: string;
  /** The digest of the record's bytes, if it may be recognised by them: 16 characters, one byte each. */
  readonly sourceHash: string | undefined;
}

/** A record that is published as it is and was recognised by its bytes. */
export interface KnownRow {
  readonly seq: number;
  readonly sourceHash: string;
}

/** A record that the source deleted. In the stage it is a row without a hash. */
export interface DeletionRow {
  readonly seq: number;
  readonly id: string;
}

/** `json` keeps the order of keys for writers of files; `jsonb` is what tables store, converted while staging. */
export type StageDocumentType = 'json' | 'jsonb';
