/** The one file that a version was located at, into the spool. */
import { z } from 'zod';
import type { FetchContext, FetchedFile, SourceVersion } from '../../src/component/reader.ts';

const locatorSchema = z.object({
  url: z.string(),
  bytes: z.number().optional(),
  digest: z.string().optional(),
});

/** `accept`: the media types that the answer may have. */
export async function fetchLocated(
  version: SourceVersion,
  { accept, maxBytes }: { readonly accept: readonly string[]; readonly maxBytes: number },
  context: FetchContext,
): Promise<readonly FetchedFile[]> {
  const { url, bytes, digest } = locatorSchema.parse(version.locator);
  const file = await context.services.http.download({
    url,
    expected: { ...(bytes === undefined ? {} : { bytes }), ...(digest === undefined ? {} : { digest }) },
    accept,
    maxBytes,
    signal: context.signal,
    onProgress: (progress) => {
      context.onProgress(progress);
    },
  });
  return [{ name: version.name, path: file.path, bytes: file.bytes, digest: file.digest }];
}
