/** The limits for unpacking an archive. Dumps are untrusted: 42 KB of zip can hold petabytes. */
import { LimitError } from '../../errors.ts';

export interface UnpackLimits {
  readonly maxEntryBytes: number;
  readonly maxRatio: number;
}

/** Below this size no ratio is suspicious: a file of a few repeated lines packs a thousandfold and harms nobody. */
const HARMLESS_BYTES = 16 * 1024 * 1024;

/** Throws LimitError when `unpacked` bytes out of `packed` are more than the reader allows. */
export function checkUnpacked(name: string, unpacked: number, packed: number, limits: UnpackLimits): void {
  if (unpacked > limits.maxEntryBytes) {
    throw new LimitError(
      'E_ARCHIVE_SIZE',
      `${name} unpacks to at least ${String(unpacked)} bytes, more than max_entry_bytes, ${String(limits.maxEntryBytes)}. Raise it only for a source that you trust.`,
      { details: { resource: name, bytes: unpacked, limit: limits.maxEntryBytes } },
    );
  }
  if (unpacked > HARMLESS_BYTES && unpacked > packed * limits.maxRatio) {
    const ratio = Math.round(unpacked / Math.max(1, packed));
    throw new LimitError(
      'E_ARCHIVE_RATIO',
      `${name} unpacks to at least ${String(ratio)} times its packed size, more than max_ratio, ${String(limits.maxRatio)}. Raise it only for a source that you trust.`,
      { details: { resource: name, bytes: unpacked, packed, ratio, limit: limits.maxRatio } },
    );
  }
}
