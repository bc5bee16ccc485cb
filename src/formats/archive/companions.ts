/**
 * Recognises members of an archive or a bucket that contain no data: folders, and files that operating systems and
 * storage tools add. Zip, tar and S3 use the same rule.
 */
import { SourceError } from '../../errors.ts';

const FOLDERS = [
  '__MACOSX',
  '\\.AppleDouble',
  '\\.Spotlight-V100',
  '\\.TemporaryItems',
  '\\.Trashes',
  '\\.fseventsd',
  '@eaDir',
  '\\$RECYCLE\\.BIN',
  'System Volume Information',
];
const FILES = [
  '\\.DS_Store',
  '\\._[^/]*',
  'Thumbs\\.db',
  'ehthumbs\\.db',
  'desktop\\.ini',
  'Icon\\r',
  '[^/]*_\\$folder\\$',
];

/** Windows does not tell upper from lower case, and neither do the file systems of macOS. */
const COMPANION = new RegExp(`(?:^|/)(?:(?:${FOLDERS.join('|')})(?:/|$)|(?:${FILES.join('|')})$)`, 'i');

/** Asked for each of up to 200 million members. A name that ends with a slash and has content is no folder. */
export function isCompanion(name: string, bytes: number): boolean {
  return (bytes === 0 && name.endsWith('/')) || COMPANION.test(name);
}

/** The error for an archive whose members contain no data. */
export function onlyCompanions(archive: string, count: number): SourceError {
  return new SourceError(
    'E_ARCHIVE_NO_DATA',
    `${archive} should hold data, but its ${String(count)} members are all folders or companion files that operating systems write, such as "__MACOSX/…", "._name", ".DS_Store" or "Thumbs.db". Pack the data files themselves, or report it to the source.`,
    { details: { resource: archive, members: count } },
  );
}
