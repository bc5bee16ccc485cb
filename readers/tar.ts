/**
 * The members of a tar, plain or in gzip. A plain one in a file is read by byte positions where that saves work, and can
 * be read by several activities at once. A packed one is read from its start: to resume, it is unpacked again up to the
 * member in question, but no member before it is taken out or parsed.
 */
import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { defineReader, type ReadContext, type SplitContext } from '../src/component/reader.ts';
import type { PlacedResource, Resource } from '../src/component/resource.ts';
import { LimitError } from '../src/errors.ts';
import { createContentGroup } from '../src/formats/bytes/content-group.ts';
import { readStart, readRange } from '../src/formats/bytes/file-range.ts';
import { isCompanion, onlyCompanions } from '../src/formats/archive/companions.ts';
import { toMemberName } from '../src/formats/archive/member-name.ts';
import { compileMemberPattern } from '../src/formats/archive/member-pattern.ts';
import { openTarScan, scanTar, type TarMember, type TarPlace } from '../src/formats/tar/scan.ts';
import { noMatch } from '../src/formats/archive/select-members.ts';
import { splitTar, placeBefore, rememberPlaces, tarKey } from '../src/formats/tar/split.ts';
import { isGzip } from '../src/formats/gzip/gunzip.ts';
import { fileTar, streamTar, type TarBytes } from '../src/formats/tar/bytes.ts';
import { BUFFERED_BYTES, memberContent, streamedMember } from '../src/formats/tar/content.ts';
import { tarUnsupported } from '../src/formats/tar/error.ts';
import { openFetched } from '../src/spool/file-resource.ts';
import { ignoredMode, ignoredOrigin, ignoredSince } from './arguments/ignored.ts';
import { memberPattern } from './arguments/name-pattern.ts';

const argsSchema = z.strictObject({
  regex: memberPattern,
  max_entries: z
    .int()
    .positive()
    .default(200_000_000)
    .describe(
      'The most members that a tar may have. Nothing is kept of a member that was read, so this bounds time and not memory. The ORCID file has 20 million.',
    ),
  max_entry_bytes: z
    .int()
    .positive()
    .default(64 * 1024 ** 3)
    .describe(
      'The most bytes that a member that is read may have. Large members are streamed, so this bounds time and not memory.',
    ),
  max_ratio: z
    .number()
    .positive()
    .default(500)
    .describe(
      'How many times its packed size a packed tar may unpack to, once it is above 16 MiB. Many small members that are alike reach 100; gzip cannot exceed 1032, so a higher value allows anything.',
    ),
  mode: ignoredMode,
  origin: ignoredOrigin,
  since: ignoredSince,
});

type Args = z.infer<typeof argsSchema>;

export const tar = defineReader<Args>({
  type: 'tar',
  version: 2,
  summary: 'The members of a tar, plain or in gzip',
  description:
    'Reads ustar, pax, GNU and old v7 tars, with long names and members above 8 GiB, in order. A wrong checksum of a header, a truncated member and a missing end mark are errors with their byte position. Links are skipped with a warning. Sparse members are refused if they are selected. Names that lead out of the archive are always refused. A backslash in a name is read as `/`. Folders and companion files (`__MACOSX/`, `._name`, `.DS_Store`, `Thumbs.db`, `desktop.ini`) are never data.',
  args: argsSchema,
  examples: [
    { title: 'The records of an ORCID public data file', args: { regex: '\\.xml$' } },
    { title: 'As InvenioRDM writes it', args: { regex: '\\.json.gz$', mode: 'r' } },
    { title: 'All members', args: {} },
  ],
  coverage: 'full',
  accepts: 'bytes',
  emits: 'bytes',
  read,
  split,
});

async function* read(
  input: Resource,
  args: Args,
  context: ReadContext,
): AsyncGenerator<PlacedResource | readonly PlacedResource[], void, undefined> {
  const { from, until = Infinity, signal } = context;
  const choose = createChoice(input.name, args, context.warn);
  signal.throwIfAborted();
  const { bytes, start } = await openAt(input, args, from);
  const scanner = openTarScan(bytes, { archive: input.name, signal, start, warn: context.warn });
  const group = createContentGroup();
  try {
    for (;;) {
      let member = scanner.nextInView();
      if (member === undefined) {
        if (!group.isEmpty) yield group.take();
        member = await scanner.next();
      }
      if (member === undefined || member.position >= until) {
        if (!group.isEmpty) yield group.take();
        if (member === undefined && from === 0) choose.requireOne();
        return;
      }
      const chosen = member.position < from ? undefined : choose.chosen(member);
      if (chosen === undefined) continue;
      member = chosen;
      if (member.bytes <= BUFFERED_BYTES) {
        const content = await memberContent(bytes, member, input.name);
        const span = start === undefined ? undefined : { start: member.offset, bytes: member.bytes };
        if (group.add(member.position, member.name, content, span)) yield group.take();
        continue;
      }
      if (!group.isEmpty) yield group.take();
      yield* largeMember(input, args, bytes, start, member);
    }
  } catch (error) {
    // The members before the fault are still read.
    if (!group.isEmpty) yield group.take();
    throw error;
  } finally {
    await bytes.close();
  }
}

async function* largeMember(
  input: Resource,
  args: Args,
  bytes: TarBytes,
  start: TarPlace | undefined,
  member: TarMember,
): AsyncGenerator<PlacedResource, void, undefined> {
  if (start !== undefined && input.path !== undefined) {
    yield fileMember(input, member);
    return;
  }
  const open = streamedMember(bytes, member, input.name, () => openStream(input, args));
  yield open;
  await open.leave();
}

async function split(input: Resource, args: Args, context: SplitContext): Promise<readonly number[]> {
  const handle = await openPlain(input);
  if (handle === undefined) return [0];
  const key = await tarKey(handle);
  const bytes = fileTar(handle, (await handle.stat()).size, 0);
  try {
    // What there is to warn of is said by those who read.
    const warn = (): void => undefined;
    const choose = createChoice(input.name, args, warn);
    const members = scanTar(bytes, { archive: input.name, signal: context.signal, warn });
    const places = await splitTar(wanted(members, choose), context.parts);
    choose.requireOne();
    rememberPlaces(key, places);
    return [0, ...places.slice(1).map(({ position }) => position)];
  } finally {
    await bytes.close();
  }
}

async function* wanted(members: AsyncIterable<TarMember>, choose: Choice): AsyncGenerator<TarMember> {
  for await (const member of members) {
    const chosen = choose.chosen(member);
    if (chosen !== undefined) yield chosen;
  }
}

interface Choice {
  /** The member under its name in this archive; undefined where it is not wanted. */
  chosen(member: TarMember): TarMember | undefined;
  /** Throws ConfigError when no member matches, SourceError when none is data. */
  requireOne(): void;
}

/** Names that are kept for the sentence that says that none of them was wanted. */
const MOST_NAMES = 1000;

function createChoice(archive: string, args: Args, warn: ReadContext['warn']): Choice {
  const pattern = args.regex === undefined ? undefined : compileMemberPattern(args.regex);
  let names: { readonly name: string }[] = [];
  let count = 0;
  let companions = 0;
  let hasOne = false;
  return {
    chosen(found) {
      if (found.position >= args.max_entries) throw tooMany(archive, args);
      const name = toMemberName(found.name, archive, found.position);
      const member = name === found.name ? found : { ...found, name };
      if (isWithoutData(member)) {
        companions += 1;
        return undefined;
      }
      if (pattern?.matches(name) === false) {
        count += 1;
        if (!hasOne && names.length < MOST_NAMES) names.push({ name });
        return undefined;
      }
      hasOne = true;
      names = [];
      return isReadable(member, archive, args, warn) ? member : undefined;
    },
    requireOne() {
      if (!hasOne && count === 0 && companions > 0) throw onlyCompanions(archive, companions);
      if (!hasOne && pattern !== undefined) throw noMatch(names, pattern, archive, count);
    },
  };
}

function isWithoutData({ kind, name, bytes }: TarMember): boolean {
  return kind === 'directory' || kind === 'other' || isCompanion(name, bytes);
}

function isReadable(member: TarMember, archive: string, args: Args, warn: ReadContext['warn']): boolean {
  if (member.kind === 'link') {
    warn({
      code: 'W_TAR_LINK',
      message: `${member.name} in ${archive} is a link to ${member.linkName} and holds nothing of its own; it is left out.`,
    });
    return false;
  }
  if (member.kind === 'sparse')
    throw tarUnsupported(archive, member.name, 'is sparse, a form that only GNU tar unpacks');
  if (member.bytes > args.max_entry_bytes) {
    throw new LimitError(
      'E_ARCHIVE_SIZE',
      `The member ${member.name} of the tar ${archive} has ${String(member.bytes)} bytes, more than max_entry_bytes, ${String(args.max_entry_bytes)}. Raise it only for a source that you trust.`,
      { details: { resource: archive, member: member.name, bytes: member.bytes, limit: args.max_entry_bytes } },
    );
  }
  return true;
}

function tooMany(archive: string, args: Args): LimitError {
  const limit = args.max_entries;
  return new LimitError(
    'E_ARCHIVE_ENTRIES',
    `The tar ${archive} has more than ${String(limit)} members, the limit of max_entries. Raise it only for a source that you trust.`,
    { details: { resource: archive, limit } },
  );
}

/** From the start as a stream, which tells how far it is; in the middle of a plain file at the nearest known place. */
async function openAt(
  input: Resource,
  args: Args,
  from: number,
): Promise<{ readonly bytes: TarBytes; readonly start?: TarPlace }> {
  const handle = from === 0 ? undefined : await openPlain(input);
  if (handle === undefined) return { bytes: await openStream(input, args) };
  const start = placeBefore(await tarKey(handle), from) ?? { position: 0, offset: 0, globals: {} };
  return { bytes: fileTar(handle, (await handle.stat()).size, start.offset), start };
}

function openStream(input: Resource, args: Args): Promise<TarBytes> {
  return streamTar(input.stream(), input.name, { total: input.bytes, maxRatio: args.max_ratio });
}

/** The file of the resource where it is a plain tar. */
async function openPlain({ name, path, bytes }: Resource): Promise<FileHandle | undefined> {
  if (path === undefined) return undefined;
  const handle = await openFetched({ name, path, ...(bytes === undefined ? {} : { bytes }) });
  if (!isGzip(await readStart(handle, 2))) return handle;
  await handle.close();
  return undefined;
}

function fileMember(input: Resource, { position, name, offset, bytes }: TarMember): PlacedResource {
  const resource = { name, bytes, stream: () => readContent(input, offset, bytes) };
  return { position, resource, span: { start: offset, bytes } };
}

async function* readContent(input: Resource, offset: number, bytes: number): AsyncGenerator<Buffer, void, undefined> {
  const { name, path = '' } = input;
  const handle = await openFetched({ name, path, ...(input.bytes === undefined ? {} : { bytes: input.bytes }) });
  try {
    yield* readRange(handle, offset, bytes);
  } finally {
    await handle.close();
  }
}
