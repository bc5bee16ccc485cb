/** Identifiers in SQL text. Everything that comes from a config or a run passes through here. */
import { InternalError } from '../errors.ts';

/** PostgreSQL silently cuts longer names, which could make two of them one. */
const MAX_BYTES = 63;

export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > MAX_BYTES) {
    throw new InternalError(
      'E_INTERNAL',
      `"${name}" cannot be a name in PostgreSQL: 1 to ${String(MAX_BYTES)} bytes are.`,
    );
  }
  return `"${name.replaceAll('"', '""')}"`;
}
