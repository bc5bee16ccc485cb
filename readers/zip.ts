/**
 * The members of a zip archive. They are found through the central directory by byte positions, streamed one at a
 * time, and checked against the size and the checksum that the directory declares.
 */
import { z } from 'zod';
import { defineReader, type ReadContext, type SplitContext } from '../src/component/reader.ts';
import type { PlacedResource, Resource } from '../src/component/resource.ts';
import { SourceError } from '../src/errors.ts';
import { checkUnpacked } from '../src/formats/archive/limits.ts';
import { compileMemberPattern } from '../src/formats/archive/member-pattern.ts';
import { isCompanion, onlyCompanions } from '../src/formats/archive/companions.ts';
import { selectMembers } from '../src/formats/archive/select-members.ts';
import { readZipDirectory, type ZipMember } from '../src/formats/zip/directory.ts';
import { readAhead, type AheadMember } from '../src/formats/zip/read-ahead.ts';
import { ignoredMode, ignoredOrigin, ignoredSince } from './arguments/ignored.ts';
import { memberPattern } from './arguments/name-pattern.ts';
import { openLocally, type LocalFile } from './arguments/open-locally.ts';

const argsSchema = z.strictObject({
  regex: memberPattern,
  max_entries: z
    .int()
    .positive()
    .default(100_000)
    .describe(
      'The most members that an archive may have. The directory is held in memory, about 0.5 KB a member; real archives of records have fewer.',
    ),
  max_entry_bytes: z
    .int()
    .positive()
    .default(64 * 1024 ** 3)
    .describe('The most bytes that a member may unpack to. Members are streamed, so this bounds time and not memory.'),
  max_ratio: z
    .number()
    .positive()
    .default(200)
    .describe(
      'How many times its packed size a member may unpack to, once it is above 16 MiB. ROR dumps reach 12; deflate cannot exceed 1032, so a higher value allows anything.',
    ),
  mode: ignoredMode,
  options: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Accepted and ignored: InvenioRDM passes them to Python; nothing in them changes what is read.'),
  origin: ignoredOrigin,
  since: ignoredSince,
});

type Args = z.infer<typeof argsSchema>;

export const zip = defineReader<Args>({
  type: 'zip',
  version: 2,
  summary: 'The members of a zip archive',
  description:
    'Reads stored and deflated members, also zip64, in the order of the central directory. The size and the CRC-32 of each member are checked while it streams. Encrypted members and other compressions are refused when they are selected; names that leave the archive and members that lie over each other are refused always. A backslash in a name is read as `/`. Folders and companion files (`__MACOSX/`, `._name`, `.DS_Store`, `Thumbs.db`, `desktop.ini`) are never data.',
  args: argsSchema,
  examples: [
    { title: 'The JSON of a ROR dump', args: { regex: '-ror-data\\.json$' } },
    { title: 'Schema v2 of a ROR dump from v1.45 to v1.74', args: { regex: '_schema_v2\\.json$' } },
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
): AsyncGenerator<readonly PlacedResource[], void, undefined> {
  context.signal.throwIfAborted();
  const file = await openLocally(input, context);
  try {
    const members = await membersToRead(file.open, input.name, args, context);
    for await (const ahead of readAhead(file.open, members)) {
      context.signal.throwIfAborted();
      yield ahead.map(toPlaced);
    }
  } finally {
    await file.release();
  }
}

/** Releases the rest of the directory, because several partitions of an archive may be read in one process. */
async function membersToRead(
  open: OpenFile,
  name: string,
  args: Args,
  { from, until = Infinity, warn }: ReadContext,
): Promise<readonly ZipMember[]> {
  const selected = await selectFrom(open, name, args, (warning) => {
    // A read that starts in the middle is not the first read of the archive.
    if (from === 0) warn(warning);
  });
  for (const member of selected) refuseUnreadable(member, args);
  return selected.filter(({ position }) => position >= from && position < until);
}

async function split(input: Resource, args: Args, context: SplitContext): Promise<readonly number[]> {
  context.signal.throwIfAborted();
  const file = await openLocally(input, context);
  try {
    // What there is to warn of is said by those who read.
    const members = await selectFrom(file.open, input.name, args, () => undefined);
    const positions = members.map(({ position }) => position);
    const cuts = cutEvenly(
      members.map(({ packedBytes }) => packedBytes + MEMBER_BYTES),
      context.parts,
    );
    return [0, ...cuts.slice(1).map((index) => positions[index] ?? 0)];
  } finally {
    await file.release();
  }
}

/** What it costs to open a member, as so many bytes of its content. */
const MEMBER_BYTES = 512;

async function selectFrom(
  open: OpenFile,
  name: string,
  args: Args,
  warn: ReadContext['warn'],
): Promise<readonly ZipMember[]> {
  const pattern = args.regex === undefined ? undefined : compileMemberPattern(args.regex);
  return selectMembers(await readDirectory(open, name, args), pattern, name, warn);
}

type OpenFile = LocalFile['open'];

/** Without folders and companions. The archive is closed again at once; each stream opens it for itself, so none is left open by an early end. */
async function readDirectory(open: OpenFile, name: string, args: Args): Promise<readonly ZipMember[]> {
  const handle = await open();
  try {
    const members = await readZipDirectory(handle, name, { maxEntries: args.max_entries });
    const data = members.filter((member) => !isCompanion(member.name, member.bytes));
    if (data.length === 0 && members.length > 0) throw onlyCompanions(name, members.length);
    return data;
  } finally {
    await handle.close();
  }
}

function refuseUnreadable(member: ZipMember, args: Args): void {
  if (member.isEncrypted) throw unsupported(member, 'is encrypted');
  if (member.method !== 0 && member.method !== 8) {
    throw unsupported(member, `is compressed with method ${String(member.method)}`);
  }
  checkUnpacked(member.name, member.bytes, member.packedBytes, {
    maxEntryBytes: args.max_entry_bytes,
    maxRatio: args.max_ratio,
  });
}

function unsupported(member: ZipMember, what: string): SourceError {
  return new SourceError(
    'E_ZIP_UNSUPPORTED',
    `The zip member ${member.name} ${what}; only stored and deflated members without encryption can be read. Repack the archive.`,
    { details: { member: member.name, method: member.method } },
  );
}

function toPlaced({ member, content, stream }: AheadMember): PlacedResource {
  const { position, name, bytes, headerOffset, packedBytes } = member;
  const resource = { name, bytes, stream, ...(content === undefined ? {} : { content }) };
  return { position, resource, span: { start: headerOffset, bytes: packedBytes } };
}

/** Where to cut a list so that its parts weigh about the same: the indexes at which they begin, the first 0. */
function cutEvenly(weights: readonly number[], parts: number): readonly number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const cuts = [0];
  let before = 0;
  for (const [index, weight] of weights.entries()) {
    if (index > 0 && cuts.length < parts && before >= (total * cuts.length) / parts) cuts.push(index);
    before += weight;
  }
  return cuts;
}
