import { expect } from 'vitest';

/** Expects the remedy as it is registered. Its RUN, JOB and FILE may have been replaced by names. */
export function expectRemedy(stderr: string, remedy: string): void {
  const escaped = remedy
    .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/\b(?:RUN|JOB|FILE)\b/g, "(?:'[^`]+'|[^\\s`]+)");
  expect(stderr).toMatch(new RegExp(`what to do:  ${escaped}`));
}
