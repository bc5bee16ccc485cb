/**
 * Where a command reads and writes. Results go to stdout; everything else (progress, hints, warnings) goes to stderr.
 * A reader of stdout who left (`| head`) ends the command quietly.
 */
import type { Readable, Writable } from 'node:stream';
import { ConfigError, UnavailableError } from '../errors.ts';
import { helpWidth, pageWidth, type Page } from './render/page.ts';

export interface Terminal {
  /** To stdout. Resolves when the reader can take more; throws OutputClosed when it left, else what keeps stdout from being written. */
  write(text: string): Promise<void>;
  /** Resolves when all of it was taken; throws as `write` does. */
  settle(): Promise<void>;
  /** One line to stderr. */
  say(line: string): void;
  /** The line at the end of stderr that is rewritten; nothing where stderr is no terminal. An empty text takes it away. */
  status(line: string): void;
  /** Whether a person looks at stderr: progress then is one line that is rewritten. */
  readonly isInteractive: boolean;
  /** What stdout is now; a terminal may be resized. */
  readonly page: Page;
  /** In columns, also where stdout is a pipe. */
  readonly helpWidth: number;
  readonly input: Readable;
  /** Called for each SIGINT and SIGTERM, with how many there were. The answer takes the listener away again. */
  onInterrupt(listener: (count: number) => void): () => void;
}

export interface TerminalStreams {
  readonly stdin: Readable;
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly onInterrupt: Terminal['onInterrupt'];
}

/** Whoever read stdout has gone. Not a failure. */
export class OutputClosed extends Error {
  constructor() {
    super('stdout was closed by its reader');
  }
}

const CLEAR_LINE = '\r\u001b[2K';

export function createTerminal({ stdin, stdout, stderr, onInterrupt }: TerminalStreams): Terminal {
  const output = guardedOutput(stdout);
  const isInteractive = stderr.isTTY === true;
  let shown = '';
  stderr.on('error', () => undefined);
  return {
    input: stdin,
    isInteractive,
    get page() {
      return { width: pageWidth(stdout), colours: false };
    },
    get helpWidth() {
      return helpWidth(stdout);
    },
    onInterrupt,
    write(text) {
      return output(text, false);
    },
    settle() {
      return output('', true);
    },
    say(line) {
      stderr.write(shown === '' ? `${line}\n` : `${CLEAR_LINE}${line}\n${shown}`);
    },
    status(line) {
      if (!isInteractive || (line === '' && shown === '')) return;
      shown = line.slice(0, Math.max(20, widthOf(stderr) - 1));
      stderr.write(`${CLEAR_LINE}${shown}`);
    },
  };
}

/** A terminal that does not know its width says 0. */
function widthOf({ columns = 0 }: TerminalStreams['stderr']): number {
  return columns > 0 ? columns : 80;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  return createTerminal({ stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, onInterrupt });
}

function onInterrupt(listener: (count: number) => void): () => void {
  let count = 0;
  const hear = (): void => {
    count += 1;
    listener(count);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, hear);
  return () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, hear);
  };
}

function guardedOutput(stdout: Writable): (text: string, whole: boolean) => Promise<void> {
  let fault: Error | undefined;
  const wake = new Set<() => void>();
  const wakeAll = (): void => {
    for (const resolve of wake) resolve();
    wake.clear();
  };
  stdout.on('drain', wakeAll);
  stdout.on('error', (error) => {
    fault ??= toFault(error);
    wakeAll();
  });
  stdout.on('close', () => {
    fault ??= new OutputClosed();
    wakeAll();
  });
  return async (text, whole) => {
    if (fault === undefined) {
      await new Promise<void>((resolve) => {
        wake.add(resolve);
        const isTaken = stdout.write(text, whole ? wakeAll : undefined);
        if (isTaken && !whole) resolve();
      });
    }
    if (fault !== undefined) throw fault;
  };
}

/** A pipe whose reader left is no failure; a disk that is full is one, or half a file would pass for a whole one. */
function toFault(error: NodeJS.ErrnoException): Error {
  if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') return new OutputClosed();
  const message = `What this command prints could not be written whole: ${error.message}. Mend that, then give the command again.`;
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
    return new UnavailableError('E_DISK_FULL', message, { cause: error });
  }
  return new ConfigError('E_FILE_NOT_FOUND', message, { cause: error });
}
