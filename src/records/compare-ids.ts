/** Orders ids by their bytes in UTF-8, as PostgreSQL with collation C and search indexes do. */
export function compareIds(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
