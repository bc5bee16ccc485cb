/**
 * Collects rows for a stage in PostgreSQL's binary COPY format. A batch is outside the heap, so the garbage collector
 * never moves it, and nothing is escaped or written as text. Measured on awards of 700 bytes, a row takes 2.7 µs
 * instead of 4.8 here and 12 instead of 14 in the server, in addition to the saved garbage collection.
 *
 * A tuple is an int16 with the number of columns; for each column an int32 length, -1 for null, then the bytes. Before
 * the first tuple there are a signature of 11 bytes, flags and the length of an extension (int32 each). An int16 -1
 * follows the last one. See https://www.postgresql.org/docs/current/sql-copy.html, Binary Format. The document is the
 * last column, so that it can be cut off.
 */
import { hash } from 'node:crypto';
import { BINARY_HEADER } from '../copy.ts';
import type { DeletionRow, KnownRow, StageDocumentType, StagedRow } from './staged-row.ts';

const TRAILER = Buffer.from([0xff, 0xff]);

/** One segment holds some hundred rows; a larger row gets one of its own, which is not kept. */
const SEGMENT = 256 * 1024;

/** Before the text of a jsonb. */
const JSONB_VERSION = 1;

const HASH_BYTES = 32;
const SOURCE_HASH_BYTES = 16;
/** The columns but for id and document: 2 + 7 lengths + 4 + 8 + 32 + 16 + 1, and the version of jsonb. */
const FIXED = 2 + 7 * 4 + 4 + 8 + HASH_BYTES + SOURCE_HASH_BYTES + 1 + 1;

interface Segment {
  readonly bytes: Buffer;
  used: number;
}

/** The position of a row with a document in its segment. */
interface PlacedRow {
  readonly id: string;
  readonly segment: Segment;
  readonly hash: number;
  /** The position of the length of the document. */
  readonly document: number;
  readonly end: number;
}

export interface StageBatch {
  addRow(row: StagedRow): void;
  addKnown(row: KnownRow): void;
  addDeletion(row: DeletionRow): void;
  readonly rows: number;
  readonly bytes: number;
  /** The positions of the rows with a document. */
  ids(): readonly string[];
  /** Cuts off the documents of those rows that the target holds already. The hash is given as 64 hex digits. */
  cutPublished(isPublished: (id: string, hash: string) => boolean): void;
  /** What COPY is sent. */
  chunks(): Iterable<Buffer>;
  /** Empties it and keeps its memory. Only when COPY has ended: until then the bytes are on their way. */
  clear(): void;
}

export function createStageBatch(partition: number, documents: StageDocumentType): StageBatch {
  const segments = createSegments();
  let placed: PlacedRow[] = [];
  let rows = 0;
  let bytes = 0;

  const end = (segment: Segment, at: number): void => {
    bytes += at - segment.used;
    segment.used = at;
    rows += 1;
  };

  return {
    addRow(row) {
      const { id, json } = row;
      const estimate = FIXED + 3 * (id.length + json.length);
      const segment = segments.roomFor(estimate, () => FIXED + byteLength(id) + byteLength(json));
      const written = writeRow(segment, partition, row, documents);
      placed.push(written);
      end(segment, written.end);
    },
    addKnown({ seq, sourceHash }) {
      const segment = segments.roomFor(FIXED, () => FIXED);
      const into = segment.bytes;
      const at = writeNull(into, writeNull(into, writePlace(segment, partition, seq)));
      end(segment, writeNull(into, writeKnown(into, writeDigest(into, at, sourceHash), 1)));
    },
    addDeletion({ seq, id }) {
      const segment = segments.roomFor(FIXED + 3 * id.length, () => FIXED + byteLength(id));
      const into = segment.bytes;
      const at = writeNull(into, writeNull(into, writeText(into, writePlace(segment, partition, seq), id)));
      end(segment, writeNull(into, writeKnown(into, at, 0)));
    },
    get rows() {
      return rows;
    },
    get bytes() {
      return bytes;
    },
    ids: () => placed.map(({ id }) => id),
    cutPublished(isPublished) {
      bytes -= cutDocuments(placed, isPublished);
      placed = [];
    },
    *chunks() {
      yield BINARY_HEADER;
      for (const { bytes: from, used } of segments.all()) yield from.subarray(0, used);
      yield TRAILER;
    },
    clear() {
      segments.clear();
      placed = [];
      rows = 0;
      bytes = 0;
    },
  };
}

interface Segments {
  all(): readonly Segment[];
  /** A segment with room for so many bytes. `exactly` is asked only where the estimate does not fit. */
  roomFor(estimate: number, exactly: () => number): Segment;
  clear(): void;
}

function createSegments(): Segments {
  let segments: Segment[] = [];
  let spare: Segment[] = [];
  return {
    all: () => segments,
    roomFor(estimate, exactly) {
      const last = segments.at(-1);
      const room = last === undefined ? -1 : last.bytes.length - last.used;
      if (last !== undefined && room >= estimate) return last;
      const need = exactly();
      if (last !== undefined && room >= need) return last;
      const kept = need <= SEGMENT ? spare.pop() : undefined;
      const added = kept ?? { bytes: Buffer.allocUnsafeSlow(Math.max(SEGMENT, need)), used: 0 };
      segments.push(added);
      return added;
    },
    clear() {
      spare = [...segments.filter((segment) => segment.bytes.length === SEGMENT), ...spare];
      for (const segment of spare) segment.used = 0;
      segments = [];
    },
  };
}

function writeRow(segment: Segment, partition: number, row: StagedRow, documents: StageDocumentType): PlacedRow {
  const { seq, id, json, sourceHash } = row;
  const { bytes: into } = segment;
  const hashAt = into.writeInt32BE(HASH_BYTES, writeText(into, writePlace(segment, partition, seq), id));
  const behindHash = hashAt + HASH_BYTES;
  const knownAt = sourceHash === undefined ? writeNull(into, behindHash) : writeDigest(into, behindHash, sourceHash);
  const document = writeKnown(into, knownAt, 0);
  let at = document + 4;
  if (documents === 'jsonb') into[at++] = JSONB_VERSION;
  const end = at + into.write(json, at, 'utf8');
  into.writeInt32BE(end - document - 4, document);
  into.write(hash('sha256', into.subarray(at, end), 'binary'), hashAt, 'latin1');
  return { id, segment, hash: hashAt, document, end };
}

/** The number of columns, the partition and the place in it. */
function writePlace({ bytes, used }: Segment, partition: number, seq: number): number {
  let at = bytes.writeInt16BE(7, used);
  at = bytes.writeInt32BE(partition, bytes.writeInt32BE(4, at));
  at = bytes.writeInt32BE(Math.floor(seq / 2 ** 32), bytes.writeInt32BE(8, at));
  return bytes.writeUInt32BE(seq >>> 0, at);
}

/** Returns the number of removed bytes. The bytes after a document move up. */
function cutDocuments(placed: readonly PlacedRow[], isPublished: (id: string, hash: string) => boolean): number {
  let went = 0;
  let segment: Segment | undefined;
  let from = 0;
  let to = 0;
  const close = (): void => {
    if (segment === undefined) return;
    to += segment.bytes.copy(segment.bytes, to, from, segment.used);
    went += segment.used - to;
    segment.used = to;
  };
  for (const row of placed) {
    const { bytes } = row.segment;
    if (!isPublished(row.id, bytes.toString('hex', row.hash, row.hash + HASH_BYTES))) continue;
    if (row.segment !== segment) {
      close();
      segment = row.segment;
      from = 0;
      to = 0;
    }
    to += bytes.copy(bytes, to, from, row.document);
    to = writeNull(bytes, to);
    from = row.end;
  }
  close();
  return went;
}

function writeText(into: Buffer, at: number, text: string): number {
  const length = into.write(text, at + 4, 'utf8');
  into.writeInt32BE(length, at);
  return at + 4 + length;
}

function writeNull(into: Buffer, at: number): number {
  return into.writeInt32BE(-1, at);
}

function writeDigest(into: Buffer, at: number, digest: string): number {
  const begin = into.writeInt32BE(SOURCE_HASH_BYTES, at);
  return begin + into.write(digest, begin, SOURCE_HASH_BYTES, 'latin1');
}

function writeKnown(into: Buffer, at: number, known: 0 | 1): number {
  return into.writeUInt8(known, into.writeInt32BE(1, at));
}

function byteLength(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}
