/** Names of archive members. Nothing is ever written under such a name, but one that leaves its archive marks a bad archive. */
import { clip, quote } from '../../clip.ts';
import { SourceError } from '../../errors.ts';

/**
 * The name with `/` between its parts: some Windows tools write `\`. Throws SourceError for a name that leaves the
 * archive, whichever separator it uses.
 */
export function toMemberName(written: string, archive: string, position: number): string {
  const name = written.includes('\\') ? written.replaceAll('\\', '/') : written;
  const fault = faultOfName(name);
  if (fault === undefined) return name;
  throw new SourceError(
    'E_ARCHIVE_ENTRY_NAME',
    `${archive} holds a member with the name ${quote(written)}, which ${fault}. A name should stay inside its archive: do not use this one, report it to the source.`,
    { details: { resource: archive, member: clip(written, 200), position } },
  );
}

function faultOfName(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.includes('\0')) return 'holds a NUL character';
  if (name.startsWith('/') || /^[a-zA-Z]:/.test(name)) return 'is absolute';
  if (name.includes('..') && name.split('/').includes('..')) return 'leads out of the archive';
  return undefined;
}
