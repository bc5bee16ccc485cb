/**
 * Finds the members of a tar in order, header by header. The caller may read the content of the current member from the
 * same bytes; the rest is skipped. An archive without its end mark is refused, because only the mark distinguishes a
 * complete archive from one that was cut between two members. An archive after the first one is read too.
 */
import type { Warning } from '../../component/reader.ts';
import type { TarBytes } from './bytes.ts';
import { notTar, tarCorrupt, tarTruncated } from './error.ts';
import {
  extendAttributes,
  extensionScope,
  MAX_EXTENSION_BYTES,
  withAttributes,
  type TarAttributes,
} from './extension.ts';
import { BLOCK_BYTES, hasChecksum, isPlainFile, isZeroBlock, parseTarHeader, type TarHeader } from './header.ts';

type TarKind = 'file' | 'directory' | 'link' | 'sparse' | 'other';

export interface TarMember {
  /** From 0, in the order of the archive; extended headers do not count. */
  readonly position: number;
  readonly kind: TarKind;
  readonly name: string;
  readonly linkName: string;
  /** The size of the content, which begins at `offset`. */
  readonly bytes: number;
  readonly offset: number;
  /** The position from which this member can be read again. */
  readonly place: TarPlace;
}

/** Where a scan may begin in the middle: the first header of a member, and what held for all members up to it. */
export interface TarPlace {
  readonly position: number;
  readonly offset: number;
  readonly globals: TarAttributes;
}

export interface TarScan {
  readonly archive: string;
  readonly signal: AbortSignal;
  readonly start?: TarPlace | undefined;
  warn(warning: Warning): void;
}

export interface TarScanner {
  /** Skips the rest of the current member. Returns undefined after the last member. */
  next(): Promise<TarMember | undefined>;
  /**
   * Returns the next member if all its content is in the view and it is an ordinary one; undefined means to call
   * `next`.
   */
  nextInView(): TarMember | undefined;
}

export function openTarScan(bytes: TarBytes, scan: TarScan): TarScanner {
  const { position, globals } = scan.start ?? { position: 0, globals: {} };
  const place: ScanPlace = { position, globals, inHand: undefined };
  return {
    next: () => findNext(bytes, scan, place),
    nextInView: () => (place.inHand === undefined ? undefined : takeInView(bytes, place.inHand, place)),
  };
}

export async function* scanTar(bytes: TarBytes, scan: TarScan): AsyncGenerator<TarMember, void, undefined> {
  const scanner = openTarScan(bytes, scan);
  let member = await scanner.next();
  while (member !== undefined) {
    yield member;
    member = scanner.nextInView() ?? (await scanner.next());
  }
}

interface ScanPlace {
  /** The extensions for the next member. */
  position: number;
  globals: TarAttributes;
  inHand: TarMember | undefined;
}

async function findNext(bytes: TarBytes, scan: TarScan, place: ScanPlace): Promise<TarMember | undefined> {
  if (place.inHand !== undefined) await skipContent(bytes, scan, place.inHand);
  place.inHand = undefined;
  let own: TarAttributes = {};
  let begin: number | undefined;
  for (;;) {
    if (bytes.view.length < BLOCK_BYTES && !(await bytes.fill(BLOCK_BYTES))) throw endedEarly(bytes, scan);
    if (isZeroBlock(bytes.view.subarray(0, BLOCK_BYTES))) {
      if (begin !== undefined) throw tarCorrupt(scan.archive, begin, 'no member follows its extended header');
      if (!(await findNextArchive(bytes, scan))) return undefined;
      place.globals = {};
      continue;
    }
    const at = bytes.offset;
    const header = takeHeader(bytes, scan);
    const scope = extensionScope(header.type);
    if (scope !== undefined) {
      begin ??= at;
      const before = scope === 'archive' ? place.globals : own;
      const extended = await takeExtension(bytes, scan, header, at, before);
      if (scope === 'archive') place.globals = extended;
      else own = extended;
      continue;
    }
    if (header.isExtended) await skipSparseMap(bytes, scan);
    const from = { position: place.position++, offset: begin ?? at, globals: place.globals };
    const member = toMember(withAttributes(header, { ...from.globals, ...own }), from, bytes.offset);
    refuseBeyondEnd(bytes, scan, member);
    place.inHand = member;
    return member;
  }
}

/** Consecutive ordinary files: nothing is awaited between them. */
function takeInView(bytes: TarBytes, before: TarMember, place: ScanPlace): TarMember | undefined {
  const { view, offset } = bytes;
  const at = before.offset + paddedTo(before.bytes) - offset;
  const content = at + BLOCK_BYTES;
  if (content > view.length || !isPlainFile(view, at) || hasAny(place.globals)) return undefined;
  const header = parseTarHeader(view, at);
  if ('fault' in header || content + header.bytes > view.length) return undefined;
  bytes.advance(content);
  const from = { position: place.position++, offset: offset + at, globals: place.globals };
  place.inHand = toMember(header, from, offset + content);
  return place.inHand;
}

function hasAny(attributes: TarAttributes): boolean {
  for (const key in attributes) if (Object.hasOwn(attributes, key)) return true;
  return false;
}

function takeHeader(bytes: TarBytes, scan: TarScan): TarHeader {
  const header = parseTarHeader(bytes.view, 0);
  if ('fault' in header) {
    throw bytes.offset === 0 && !hasChecksum(bytes.view)
      ? notTar(scan.archive, bytes.view)
      : tarCorrupt(scan.archive, bytes.offset, header.fault);
  }
  bytes.advance(BLOCK_BYTES);
  return header;
}

async function takeExtension(
  bytes: TarBytes,
  scan: TarScan,
  header: TarHeader,
  at: number,
  before: TarAttributes,
): Promise<TarAttributes> {
  if (header.bytes > MAX_EXTENSION_BYTES) {
    const limit = String(MAX_EXTENSION_BYTES);
    throw tarCorrupt(scan.archive, at, `an extended header of ${String(header.bytes)} bytes, more than ${limit}`);
  }
  const padded = paddedTo(header.bytes);
  if (!(await bytes.fill(padded))) throw endedEarly(bytes, scan);
  const attributes = extendAttributes(before, header.type, bytes.view.subarray(0, header.bytes));
  if ('fault' in attributes) throw tarCorrupt(scan.archive, at, attributes.fault);
  bytes.advance(padded);
  return attributes;
}

/** The map of an old GNU sparse member continues in separate blocks, each of which says whether another one follows. */
async function skipSparseMap(bytes: TarBytes, scan: TarScan): Promise<void> {
  for (let isExtended = true; isExtended;) {
    if (!(await bytes.fill(BLOCK_BYTES))) throw endedEarly(bytes, scan);
    isExtended = bytes.view[504] !== 0;
    bytes.advance(BLOCK_BYTES);
  }
}

/** Types that hold nothing, whatever size their header names: links, devices, directories, pipes. */
const WITHOUT_CONTENT = new Set(['1', '2', '3', '4', '5', '6']);
/**
 * Volume labels, parts of other volumes, lists of directories: of GNU, and nothing that a reader of records could use.
 */
const NO_FILES = new Set(['3', '4', '6', 'V', 'M', 'D', 'N']);

function toMember(header: TarHeader, place: TarPlace, offset: number): TarMember {
  return {
    position: place.position,
    kind: kindOf(header),
    name: header.name,
    linkName: header.linkName,
    bytes: WITHOUT_CONTENT.has(header.type) ? 0 : header.bytes,
    offset,
    place,
  };
}

/** A type that nobody defined is read as a file, as POSIX asks for. */
function kindOf({ type, name }: TarHeader): TarKind {
  if (type === '1' || type === '2') return 'link';
  if (type === '5' || (type === '\0' && name.endsWith('/'))) return 'directory';
  if (type === 'S') return 'sparse';
  return NO_FILES.has(type) ? 'other' : 'file';
}

function refuseBeyondEnd(bytes: TarBytes, scan: TarScan, member: TarMember): void {
  const end = member.offset + member.bytes;
  if (bytes.total === undefined || end <= bytes.total) return;
  throw cutMember(scan.archive, member, bytes.total);
}

async function skipContent(bytes: TarBytes, scan: TarScan, member: TarMember): Promise<void> {
  const end = member.offset + paddedTo(member.bytes);
  if (end - bytes.offset <= bytes.view.length) {
    bytes.advance(end - bytes.offset);
    return;
  }
  // In steps, so that a stop is heard while much is skipped.
  while (bytes.offset < end) {
    scan.signal.throwIfAborted();
    if (!(await bytes.skipTo(Math.min(end, bytes.offset + SKIP_BYTES))))
      throw cutMember(scan.archive, member, bytes.offset + bytes.view.length);
  }
  scan.signal.throwIfAborted();
}

const SKIP_BYTES = 16 * 1024 * 1024;

/** At a block of zeros, which marks the end. Says whether another archive follows, and leaves the bytes there. */
async function findNextArchive(bytes: TarBytes, scan: TarScan): Promise<boolean> {
  const mark = bytes.offset;
  for (;;) {
    scan.signal.throwIfAborted();
    const zeros = zeroBlocks(bytes.view);
    bytes.advance(zeros * BLOCK_BYTES);
    if (bytes.view.length >= BLOCK_BYTES) break;
    if (!(await bytes.more())) break;
  }
  if (bytes.view.every((byte) => byte === 0)) return false;
  const isArchive = bytes.view.length >= BLOCK_BYTES && hasChecksum(bytes.view);
  const at = bytes.offset;
  scan.warn({
    code: isArchive ? 'W_TAR_CONCATENATED' : 'W_TAR_TRAILING_DATA',
    message: isArchive
      ? `${scan.archive} has its end mark at byte ${String(mark)} and another archive behind it, at byte ${String(at)}, which is read too.`
      : `${scan.archive} has its end mark at byte ${String(mark)} and something that is no tar behind it, at byte ${String(at)}; it is ignored, and all members before are read.`,
  });
  if (!isArchive) await drain(bytes, scan);
  return isArchive;
}

/** To the end, so that the checksum of a packed tar is proven. */
async function drain(bytes: TarBytes, scan: TarScan): Promise<void> {
  do {
    scan.signal.throwIfAborted();
    bytes.advance(bytes.view.length);
  } while (await bytes.more());
}

function zeroBlocks(view: Buffer): number {
  let count = 0;
  while ((count + 1) * BLOCK_BYTES <= view.length) {
    if (!isZeroBlock(view.subarray(count * BLOCK_BYTES, (count + 1) * BLOCK_BYTES))) break;
    count += 1;
  }
  return count;
}

/** Returns a number of bytes including the padding after them. */
export function paddedTo(count: number): number {
  return Math.ceil(count / BLOCK_BYTES) * BLOCK_BYTES;
}

/** The error for a member whose bytes are missing. */
export function cutMember(archive: string, member: TarMember, end: number): Error {
  const { name, bytes, offset } = member;
  return tarTruncated(
    archive,
    end,
    `its member ${name} should have ${String(bytes)} bytes from byte ${String(offset)}, but the tar ends at byte ${String(end)}`,
    { member: name, memberBytes: bytes, memberOffset: offset },
  );
}

function endedEarly(bytes: TarBytes, scan: TarScan): Error {
  const end = bytes.offset + bytes.view.length;
  if (bytes.offset === 0) return notTar(scan.archive, bytes.view);
  return tarTruncated(
    scan.archive,
    end,
    `it ends at byte ${String(end)} without the two blocks of zeros that end a tar`,
  );
}
