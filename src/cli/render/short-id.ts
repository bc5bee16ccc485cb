/**
 * The beginning of a run id, which every command takes in its place. Temporal makes ids of version 7: their first 13
 * characters are the time in milliseconds.
 */
export function shortId(run: string): string {
  return run.slice(0, 13);
}
