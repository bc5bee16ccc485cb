/** Names of archive members that do not stay inside their archive. Nothing is ever written by such a name; it marks a bad archive. */
import { clip, quote } from '../../clip.ts';
import { SourceError } from '../../errors.ts';

/** Throws SourceError for a name that leaves the archive. */
export function refuseMemberName(name: string, archive: string, position: number): void {
  const fault = faultOfName(name);
  if (fault === undefined) return;
  throw new SourceError(
    'E_ARCHIVE_ENTRY_NAME',
    `${archive} holds a member with the name ${quote(name)}, which ${fault}. A name should stay inside its archive: do not use this one, report it to the source.`,
    { details: { resource: archive, member: clip(name, 200), position } },
  );
}

function faultOfName(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.includes('\0')) return 'holds a NUL character';
  if (name.includes('\\')) return 'holds a backslash';
  if (name.startsWith('/') || /^[a-zA-Z]:/.test(name)) return 'is absolute';
  if (name.includes('..') && name.split('/').includes('..')) return 'leads out of the archive';
  return undefined;
}
