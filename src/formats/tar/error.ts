/** The errors of a tar. Bytes are those of the tar itself: for a packed one, of what it unpacks to. */
import { SourceError } from '../../errors.ts';
import { firstBytes, describeContent } from '../bytes/sniff-content.ts';

export function tarTruncated(archive: string, byte: number, fault: string, details: object = {}): SourceError {
  return new SourceError(
    'E_TAR_TRUNCATED',
    `The tar ${archive} is cut short: ${fault}. Download it again; what lies behind is missing.`,
    { details: { resource: archive, byte, ...details } },
  );
}

export function tarCorrupt(archive: string, byte: number, fault: string, details: object = {}): SourceError {
  return new SourceError(
    'E_TAR_CORRUPT',
    `The tar ${archive} is damaged at byte ${String(byte)}: ${fault}. Download it again, or report it to the source.`,
    { details: { resource: archive, byte, ...details } },
  );
}

export function tarUnsupported(archive: string, member: string, what: string): SourceError {
  return new SourceError(
    'E_TAR_UNSUPPORTED',
    `The member ${member} of the tar ${archive} ${what}. Choose other members by "regex", or repack the archive.`,
    { details: { resource: archive, member } },
  );
}

/** The error for content that does not begin like a tar. */
export function notTar(archive: string, start: Buffer): SourceError {
  const found = describeContent(start) ?? `something that begins with ${firstBytes(start)}`;
  return new SourceError(
    'E_TAR_CORRUPT',
    `${archive} should be a tar, plain or in gzip, but it is ${found}. Check that its address gives the archive and not an error page.`,
    { details: { resource: archive, byte: 0, found } },
  );
}
