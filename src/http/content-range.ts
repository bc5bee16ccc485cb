export interface ContentRange {
  /** Absent in an answer 416, which only says the total. */
  readonly start?: number;
  readonly total?: number;
}

// `bytes 100-999/1000`, `bytes 100-999/*`, `bytes */1000` (RFC 9110, 14.4); undefined for anything else.
export function parseContentRange(header: string | undefined): ContentRange | undefined {
  const match = /^bytes\s+(?:(\d+)-(\d+)|\*)\/(\d+|\*)$/i.exec(header?.trim() ?? '');
  if (match === null) return undefined;
  const [, start, , total] = match;
  return {
    ...(start === undefined ? {} : { start: Number(start) }),
    ...(total === undefined || total === '*' ? {} : { total: Number(total) }),
  };
}
