/** The page that a text is laid out for: the width of the terminal, and whether it shows colours. */
import { styleText } from 'node:util';
import stringWidth from 'fast-string-width';
import { wrapAnsi } from 'fast-wrap-ansi';
import { toPasteable } from '../program-name.ts';

export interface Page {
  /** In columns; Infinity where nothing is cut or wrapped: files and pipes. */
  readonly width: number;
  readonly colours: boolean;
  /** How the operator calls the program. Default: `vocab-sync`. */
  readonly program?: string;
}

/** A file or a pipe. */
export const PLAIN: Page = { width: Infinity, colours: false };

interface MaybeTerminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const USUAL_WIDTH = 80;
/** Below this a page is not laid out but left to the terminal. */
const LEAST_WIDTH = 20;

/** The width of a terminal, which may say 0 for unknown; Infinity if the stream is not a terminal. */
export function pageWidth({ isTTY, columns = 0 }: MaybeTerminal): number {
  if (isTTY !== true) return Infinity;
  return columns > 0 ? Math.max(LEAST_WIDTH, columns) : USUAL_WIDTH;
}

/** Help is wrapped in a pipe too. */
export function helpWidth(stream: MaybeTerminal): number {
  return stream.isTTY === true ? pageWidth(stream) : USUAL_WIDTH;
}

/** A hint of our own as a command that can be pasted. Never for text of a source. */
export function hint({ program = 'vocab-sync' }: Page, text: string): string {
  return toPasteable(text, program);
}

export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'bold' | 'dim';

export function paint({ colours }: Pick<Page, 'colours'>, colour: Colour | undefined, text: string): string {
  return colours && colour !== undefined && text !== '' ? styleText(colour, text, { validateStream: false }) : text;
}

/** In columns: a Chinese character has two, a combining mark none. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** Made on first use: it loads tables that most commands never need. */
let graphemes: Intl.Segmenter | undefined;

/** Cuts a text to `most` columns; a cut text ends in `…`. Never splits a character with its marks. */
export function clipColumns(text: string, most: number): string {
  if (text.length <= most / 2 || widthOf(text) <= most) return text;
  let kept = '';
  let width = 0;
  graphemes ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  for (const { segment } of graphemes.segment(text)) {
    width += widthOf(segment);
    if (width > most - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/**
 * Wraps between words. A word that is longer than the page stays whole unless `hard`: an address or a digest can then
 * still be copied.
 */
export function wrapLines(text: string, width: number, { hard = false } = {}): string[] {
  if (!Number.isFinite(width)) return [text];
  return wrapAnsi(text, Math.max(1, Math.floor(width)), { hard }).split('\n');
}

/** Wraps each line that is longer than the page; what follows is indented as the line was, and two columns more. */
export function fitText(text: string, { width }: Page): string {
  if (!Number.isFinite(width)) return text;
  return text
    .split('\n')
    .map((line) => (line.length <= width / 2 || widthOf(line) <= width ? line : fitLine(line, width)))
    .join('\n');
}

/** A character that no text has: private use. */
const BOUND = '\uE000';

/** Keeps a command in backticks on one line if it fits there: a part of it cannot be pasted. */
function bind(text: string, room: number): string {
  return text.replaceAll(/`[^`]+`/g, (span) => (widthOf(span) < room ? span.replaceAll(' ', BOUND) : span));
}

function fitLine(line: string, width: number): string {
  const indent = /^ */.exec(line)?.[0] ?? '';
  const room = width - indent.length - 2;
  const [first = '', ...others] = wrapLines(bind(line.slice(indent.length), room), room);
  return [indent + first, ...others.map((other) => `${indent}  ${other}`)].join('\n').replaceAll(BOUND, ' ');
}
