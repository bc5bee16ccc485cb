/** Reads a file on the machine of the worker in place, without copying it. */
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
    origin: z.string().min(1).optional().describe('The name of `path` in InvenioRDM. Set one of the two.'),
    coverage: z
      .enum(['full', 'incremental'])
      .default('full')
      .describe(
        '`full` means that the file contains all records, so that a missing record has been removed. `incremental` means that it contains only changes. `--input` uses the coverage of the source that it replaces.',
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
    'The SHA-256 of the file is its identity, so a published file is recognised by its content, regardless of its name and date. If the file changes while it is read, the run fails.',
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
