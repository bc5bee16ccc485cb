/** The files that this process has open, for tests that nothing stays open. Linux only: elsewhere the list is empty. */
import { readdirSync, readlinkSync } from 'node:fs';

export function openFiles(directory: string): string[] {
  let descriptors: string[];
  try {
    descriptors = readdirSync('/proc/self/fd');
  } catch {
    return [];
  }
  return descriptors.map(linkTarget).filter((target) => target.startsWith(directory));
}

function linkTarget(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return '';
  }
}
