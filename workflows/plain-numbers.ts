/** Numbers for people, as in the command line: `35,990`, `11.9 MB`, `2026-06-23 14:05 UTC`. */

export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

const BYTE_UNITS = ['kB', 'MB', 'GB', 'TB'] as const;

export function bytesOf(bytes: number): string {
  if (bytes < 1000) return `${String(bytes)} bytes`;
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), BYTE_UNITS.length);
  return `${(bytes / 1000 ** power).toFixed(1)} ${BYTE_UNITS[power - 1] ?? 'TB'}`;
}

/** Of an ISO 8601 time in UTC; any other text stays as it is. */
export function timeOf(iso: string): string {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}).*Z$/.exec(iso);
  return match === null ? iso : `${String(match[1])} ${String(match[2])} UTC`;
}

/** The beginning of a digest tells two of them apart; the whole one is in the result. */
export function shortDigest(digest: string): string {
  return digest.replace(/^(sha256:[0-9a-f]{12})[0-9a-f]+$/, '$1…');
}
