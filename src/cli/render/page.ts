/** What a text is laid out for: the width of the terminal, and whether it shows colours. */

export interface Page {
  /** In columns; Infinity where nothing is cut or wrapped: files and pipes. */
  readonly width: number;
  readonly colours: boolean;
}

/** A file or a pipe. */
export const PLAIN: Page = { width: Infinity, colours: false };

interface MaybeTerminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const USUAL_WIDTH = 80;

/** The width of a terminal, which may say 0 for unknown; Infinity where the stream is none. */
export function pageWidth({ isTTY, columns = 0 }: MaybeTerminal): number {
  if (isTTY !== true) return Infinity;
  return columns > 0 ? columns : USUAL_WIDTH;
}

/** Help is wrapped in a pipe too. */
export function helpWidth(stream: MaybeTerminal): number {
  return Math.min(pageWidth(stream), stream.isTTY === true ? Infinity : USUAL_WIDTH);
}
