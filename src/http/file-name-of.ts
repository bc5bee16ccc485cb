/**
 * The name of the file that an address stands for, safe as a file name: letters, digits and `._-+()` are kept. InvenioRDM's
 * API ends in `/files/<name>/content`, so a last step `content` is passed over.
 */
export function fileNameOf(url: string): string {
  const steps = new URL(url).pathname.split('/').filter((step) => step !== '');
  if (steps.length > 1 && steps.at(-1) === 'content') steps.pop();
  const name = decoded(steps.at(-1) ?? '')
    .replaceAll(/[^\p{L}\p{N}._()+-]+/gu, '_')
    .replace(/^\.+/, '')
    .slice(0, 100);
  return name === '' ? 'download' : name;
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    // Not percent-encoded UTF-8: the raw text is a good enough name.
    return step;
  }
}
