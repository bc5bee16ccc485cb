/**
 * Reads the central directory of a zip. It is read by positions from the end, so a member is found without reading
 * earlier ones. Names that lead out of the archive, overlapping members, and more members than allowed are refused.
 * Sizes and checksums are checked when a member is read.
 */
import { clip, quote } from '../../clip.ts';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { LimitError, SourceError, messageOf } from '../../errors.ts';
import { readStart } from '../bytes/file-range.ts';
import { toMemberName } from '../archive/member-name.ts';
import { describeContent, sniffContent } from '../bytes/sniff-content.ts';

export interface ZipMember {
  /** From 0, in the order of the central directory. */
  readonly position: number;
  readonly name: string;
  readonly isEncrypted: boolean;
  /** 0 stored, 8 deflate; others are not read. */
  readonly method: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly crc32: number;
  /** Where the local header begins in the archive. */
  readonly headerOffset: number;
}

/** Bytes of a local header without name and extra field. */
export const LOCAL_HEADER_BYTES = 30;

/** The maximum size of all names together: half a million real names have some 40 MB. */
const MOST_NAME_BYTES = 64 * 1024 ** 2;

export async function readZipDirectory(
  handle: FileHandle,
  archive: string,
  limits: { readonly maxEntries: number },
): Promise<readonly ZipMember[]> {
  const zip = await openZip(handle, archive);
  if (zip.entryCount > limits.maxEntries) throw tooMany(archive, zip.entryCount, limits.maxEntries);
  const members: ZipMember[] = [];
  try {
    let nameBytes = 0;
    for await (const entry of zip.eachEntry()) {
      nameBytes += entry.fileNameRaw.length;
      if (nameBytes > MOST_NAME_BYTES) throw namesTooLong(archive);
      members.push(toMember(entry, members.length, archive));
    }
  } catch (error) {
    throw error instanceof SourceError || error instanceof LimitError ? error : damaged(archive, error);
  }
  refuseOverlaps(members, archive);
  return members;
}

/** yauzl reads the end record (also zip64); names stay bytes, because it would repair what we want to refuse. */
async function openZip(handle: FileHandle, archive: string): Promise<ZipFile> {
  const options = { lazyEntries: true, autoClose: false, decodeStrings: false, validateEntrySizes: false };
  try {
    const { size } = await handle.stat();
    return await yauzl.fromRandomAccessReaderPromise(new ZipReader(handle, size), size, options);
  } catch (error) {
    if (!messageOf(error).startsWith('End of central directory record signature not found')) {
      throw damaged(archive, error);
    }
    throw notZip(archive, await readStart(handle, 512), error);
  }
}

function toMember(entry: Entry, position: number, archive: string): ZipMember {
  const written = yauzl.getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true);
  const name = toMemberName(written, archive, position);
  return {
    position,
    name,
    isEncrypted: entry.isEncrypted(),
    method: entry.compressionMethod,
    packedBytes: entry.compressedSize,
    bytes: entry.uncompressedSize,
    crc32: entry.crc32,
    headerOffset: entry.relativeOffsetOfLocalHeader,
  };
}

/** Members that share bytes are how a bomb hides from a limit on the ratio; no packer writes them. */
function refuseOverlaps(members: readonly ZipMember[], archive: string): void {
  const ordered = [...members].sort((a, b) => a.headerOffset - b.headerOffset);
  let end = 0;
  let before = '';
  for (const member of ordered) {
    if (member.headerOffset < end) {
      throw new SourceError(
        'E_ZIP_CORRUPT',
        `The members ${quote(before)} and ${quote(member.name)} of ${archive} lie over each other, where each should have bytes of its own. Do not use this archive; report it to the source.`,
        { details: { resource: archive, members: [clip(before, 200), clip(member.name, 200)] } },
      );
    }
    end = member.headerOffset + LOCAL_HEADER_BYTES + member.packedBytes;
    before = member.name;
  }
}

function tooMany(archive: string, found: number, limit: number): LimitError {
  return new LimitError(
    'E_ARCHIVE_ENTRIES',
    `${archive} has ${String(found)} members, more than max_entries, ${String(limit)}. Raise it only for a source that you trust.`,
    { details: { resource: archive, found, limit } },
  );
}

function namesTooLong(archive: string): LimitError {
  return new LimitError(
    'E_ARCHIVE_ENTRIES',
    `The names of the members of ${archive} have more than ${String(MOST_NAME_BYTES)} bytes together, the most that is held. Do not use this archive; report it to the source.`,
    { details: { resource: archive, limit: MOST_NAME_BYTES } },
  );
}

function damaged(archive: string, cause: unknown): SourceError {
  const reason = messageOf(cause);
  const code = reason.includes('strong encryption') ? 'E_ZIP_UNSUPPORTED' : 'E_ZIP_CORRUPT';
  return new SourceError(
    code,
    `The directory of the zip ${archive} cannot be read: ${reason}. Download it again, or report it to the source.`,
    { cause, details: { resource: archive } },
  );
}

function notZip(archive: string, start: Buffer, cause: unknown): SourceError {
  const isCut = sniffContent(start) === 'zip';
  const found = describeContent(start);
  const what = isCut
    ? 'it begins like one but its end is missing: it is truncated'
    : `it is ${found ?? 'something else'}`;
  return new SourceError(
    'E_ZIP_NO_CENTRAL_DIRECTORY',
    `${archive} should be a zip with its central directory at the end, but ${what}. Download it again, and check that its address gives the archive and not an error page.`,
    { cause, details: { resource: archive, found: isCut ? 'a truncated zip' : (found ?? null) } },
  );
}

/**
 * Reads a zip for yauzl at the positions that its records name. A position outside of the file is an error of the archive:
 * Node would throw for some of them where nobody can catch it, and the process would end.
 */
class ZipReader extends yauzl.RandomAccessReader {
  readonly #handle: FileHandle;
  readonly #size: number;

  constructor(handle: FileHandle, size: number) {
    super();
    this.#handle = handle;
    this.#size = size;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    if (position < 0 || position + length > this.#size) {
      callback(new Error(`it refers to byte ${String(position)}, outside of its ${String(this.#size)} bytes`));
      return;
    }
    this.#handle.read(buffer, offset, length, position).then(
      ({ bytesRead }) => {
        callback(null, bytesRead);
      },
      (error: unknown) => {
        callback(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  /** Members are read without yauzl. */
  override _readStreamForRange(): Readable {
    return Readable.from([]);
  }
}
