/** The error for a record without exactly one matching file. */
import { SourceError } from '../../src/errors.ts';
import { fileNameOf } from '../../src/http/file-name-of.ts';
import type { Linkset, LinkTarget } from '../../src/http/resolve-linkset.ts';

/** `wanted` completes the sentence "Expected exactly one". */
export function ambiguous({ items, landing }: Linkset, wanted: string, found: readonly LinkTarget[]): SourceError {
  const listed = (found.length > 1 ? found : items).map(({ href, type }) => `${fileNameOf(href)} (${type})`);
  return new SourceError(
    'E_SOURCE_AMBIGUOUS',
    `Expected exactly one ${wanted} in the record ${landing}, found ${String(found.length)}. It offers: ${listed.join(', ') || 'nothing'}.`,
    { details: { landing, files: listed } },
  );
}
