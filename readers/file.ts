/** A file on the machine of the worker. It is read where it lies; nothing is copied. */
import { basename, resolve } from 'node:path';
import { z } from 'zod';
import { defineReader, type FetchContext, type FetchedFile, type SourceVersion } from '../src/component/reader.ts';
import { fileChanged, hashFile, identifyFile, type HashedFile } from '../src/spool/hash-file.ts';

const argsSchema = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The file. A relative path starts at the working directory of the worker, so an absolute one is safer where several workers run.',
      ),
    origin: z.string().min(1).optional().describe('The name that InvenioRDM gives to `path`. Give one of the two.'),
    coverage: z
      .enum(['full', 'incremental'])
      .default('full')
      .describe(
        'Whether the file holds everything there is, so that a record that is missing from it has been removed (`full`), or only what changed (`incremental`). `--input` sets it to that of the source it stands in for.',
      ),
  })
  .refine((args) => (args.path === undefined) !== (args.origin === undefined), {
    message: 'expected either "path" or its InvenioRDM name "origin"',
    path: ['path'],
  });

type Args = z.infer<typeof argsSchema>;

const locatorSchema = z.object({ digest: z.string(), bytes: z.number(), mtimeMs: z.number() });

export const file = defineReader<Args>({
  type: 'file',
  version: 1,
  summary: 'A file on the machine of the worker',
  description:
    'Its SHA-256 is its identity: a file that was already published is known by its content, whatever its name and date. A file that changes between its digest and its reading ends the run.',
  args: argsSchema,
  examples: [{ title: 'A downloaded dump', args: { path: '/data/v2.9-2026-06-23-ror-data.zip' } }],
  coverage: 'full',
  covers: (args) => args.coverage,
  accepts: 'nothing',
  emits: 'bytes',
  locate,
  fetch,
});

async function locate(args: Args, context: FetchContext): Promise<SourceVersion> {
  const path = pathOf(args);
  const hashed = await hashFile(path, context);
  return {
    name: basename(path),
    version: basename(path),
    identity: hashed.digest,
    bytes: hashed.bytes,
    locator: { ...hashed },
  };
}

/** What `locate` found is not hashed twice, unless something about the file is another than it was. */
async function fetch(version: SourceVersion, args: Args, context: FetchContext): Promise<readonly FetchedFile[]> {
  const path = pathOf(args);
  const located: HashedFile = locatorSchema.parse(version.locator);
  const found = await identifyFile(path);
  if (found.bytes !== located.bytes) throw fileChanged(path, located.bytes, found.bytes);
  if (found.mtimeMs !== located.mtimeMs) {
    const { digest } = await hashFile(path, context);
    if (digest !== located.digest) throw fileChanged(path, located.bytes, found.bytes);
  }
  context.onProgress({ bytes: located.bytes, total: located.bytes });
  return [{ name: version.name, path, bytes: located.bytes, digest: located.digest }];
}

function pathOf(args: Args): string {
  return resolve(args.path ?? args.origin ?? '');
}
