/**
 * Returns a file name for a URL: safe characters only (letters, digits and `._-+()`). If the URL contains a secret, the
 * name is the host and a short digest. InvenioRDM's API ends in `/files/<name>/content`, so a last segment `content` is
 * skipped.
 */
import { createHash } from 'node:crypto';
import { redact } from '../logging/redact.ts';

export function fileNameOf(url: string): string {
  if (redact(url) !== url) return `${hostOf(url)}-${createHash('sha256').update(url).digest('hex').slice(0, 8)}`;
  const steps = new URL(url).pathname.split('/').filter((step) => step !== '');
  if (steps.length > 1 && steps.at(-1) === 'content') steps.pop();
  const name = decoded(steps.at(-1) ?? '')
    .replaceAll(/[^\p{L}\p{N}._()+-]+/gu, '_')
    .replace(/^\.+/, '')
    .slice(0, 100);
  return name === '' ? 'download' : name;
}

function hostOf(url: string): string {
  return new URL(url).host.replaceAll(/[^a-z0-9.-]+/gi, '_');
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    // Not percent-encoded UTF-8: the raw text is a good enough name.
    return step;
  }
}
