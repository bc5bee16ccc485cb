/** Longest wait that we take from a server. A larger number is a mistake there, and a run that sleeps for a year is one here. */
const LONGEST_MS = 24 * 60 * 60 * 1000;

/**
 * Milliseconds that an answer asks us to wait: `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3), else the
 * `X-RateLimit-Reset` of InvenioRDM (seconds since 1970).
 */
export function retryAfterOf(
  headers: Readonly<Record<string, string | undefined>>,
  now = Date.now(),
): number | undefined {
  const asked = headers['retry-after']?.trim();
  if (asked !== undefined && asked !== '') {
    const wait = /^\d+$/.test(asked) ? Number(asked) * 1000 : Date.parse(asked) - now;
    if (!Number.isNaN(wait)) return clamp(wait);
  }
  const reset = headers['x-ratelimit-reset']?.trim();
  return reset !== undefined && /^\d+$/.test(reset) ? clamp(Number(reset) * 1000 - now) : undefined;
}

function clamp(wait: number): number {
  return Math.min(Math.max(wait, 0), LONGEST_MS);
}
