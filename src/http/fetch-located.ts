/** A file that was located in a record, as a version of a source, and its way into the spool. */
import { z } from 'zod';
import type { FetchContext } from '../component/reader.ts';
import type { FetchedFile, SourceVersion } from '../records/source.ts';
import type { FileFacts } from './ask-about-file.ts';
import { fileNameOf } from './file-name-of.ts';
import type { Linkset, LinkTarget } from './resolve-linkset.ts';

const locatorSchema = z.object({
  url: z.string(),
  bytes: z.number().optional(),
  digest: z.string().optional(),
  /** Absent in a run that an older version located. */
  from: z.object({ url: z.string(), network: z.enum(['public', 'private']) }).optional(),
});

/** Identified by its record, its name and the server's metadata. */
export function locatedFile(
  { citeAs, landing, from }: Linkset,
  { href }: LinkTarget,
  { bytes, digest, validator }: FileFacts,
): Omit<SourceVersion, 'version'> {
  const name = fileNameOf(href);
  return {
    name,
    identity: [citeAs ?? landing, name, validator ?? bytes ?? ''].join(' ').trim(),
    ...(bytes === undefined ? {} : { bytes }),
    locator: { url: href, bytes, digest, from },
  };
}

/** `accept` lists the accepted media types; if it is absent, all except HTML pages. */
export async function fetchLocated(
  version: SourceVersion,
  { accept, maxBytes }: { readonly accept?: readonly string[]; readonly maxBytes: number },
  context: FetchContext,
): Promise<readonly FetchedFile[]> {
  const { url, bytes, digest, from } = locatorSchema.parse(version.locator);
  const file = await context.services.http.download({
    url,
    from,
    expected: { ...(bytes === undefined ? {} : { bytes }), ...(digest === undefined ? {} : { digest }) },
    ...(accept === undefined ? {} : { accept }),
    maxBytes,
    signal: context.signal,
    onProgress: (progress) => {
      context.onProgress(progress);
    },
  });
  return [{ name: version.name, path: file.path, bytes: file.bytes, digest: file.digest }];
}
