/** What a gzip file holds: one resource, unpacked as it is read. */
import { z } from 'zod';
import { defineReader, type ReadContext } from '../src/component/reader.ts';
import type { PlacedResource, Resource } from '../src/component/resource.ts';
import { gunzipUnlessPlain } from '../src/formats/gzip/gunzip.ts';
import { ignoredMode, ignoredOrigin, ignoredSince } from './arguments/ignored.ts';

const argsSchema = z.strictObject({
  max_entry_bytes: z
    .int()
    .positive()
    .default(1024 ** 4)
    .describe('The most bytes that the file may unpack to. They are streamed, so this bounds time and not memory.'),
  max_ratio: z
    .number()
    .positive()
    .default(200)
    .describe(
      'How many times its packed size the file may unpack to, once it is above 16 MiB. Repetitive JSON reaches 50; gzip cannot exceed 1032, so a higher value allows anything.',
    ),
  origin: ignoredOrigin,
  mode: ignoredMode,
  since: ignoredSince,
});

type Args = z.infer<typeof argsSchema>;

export const gzip = defineReader<Args>({
  type: 'gzip',
  version: 1,
  summary: 'The content of a gzip file',
  description:
    'Consecutive members are read as one content, as `gzip -d` does. Zero padding at the end is allowed. The checksums are checked during streaming. An uncompressed text or tar is read unchanged, with the warning W_GZIP_PLAIN. An HTML page is refused.',
  args: argsSchema,
  examples: [{ title: 'Without args', args: {} }],
  coverage: 'full',
  accepts: 'bytes',
  emits: 'bytes',
  read,
});

// eslint-disable-next-line @typescript-eslint/require-await -- the contract of a container is asynchronous
async function* read(
  input: Resource,
  args: Args,
  context: ReadContext,
): AsyncGenerator<PlacedResource, void, undefined> {
  context.signal.throwIfAborted();
  if (context.from > 0) return;
  const limits = { maxEntryBytes: args.max_entry_bytes, maxRatio: args.max_ratio };
  const onPlain = (): void => {
    context.warn({
      code: 'W_GZIP_PLAIN',
      message: `${input.name} is not packed with gzip. It was probably unpacked on the way, so it is read as it is.`,
    });
  };
  const stream = (): AsyncIterable<Buffer> => gunzipUnlessPlain(input.stream(), input.name, limits, onPlain);
  yield { position: 0, resource: { name: nameInside(input.name), stream } };
}

/** `records.json.gz` → `records.json`, `dump.tgz` → `dump.tar`. */
function nameInside(name: string): string {
  return name.replace(/\.tgz$/i, '.tar').replace(/\.gz(ip)?$/i, '') || name;
}
