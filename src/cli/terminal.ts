/**
 * Where a command reads and writes. Results go to stdout; everything else (progress, hints, warnings) goes to stderr.
 * A reader of stdout who left (`| head`) ends the command quietly.
 */
import type { Readable, Writable } from 'node:stream';

export interface Terminal {
  /** To stdout. Resolves when the reader can take more; throws OutputClosed when it left. */
  write(text: string): Promise<void>;
  /** One line to stderr. */
  say(line: string): void;
  /** The line at the end of stderr that is rewritten; nothing where stderr is no terminal. An empty text takes it away. */
  status(line: string): void;
  /** Whether a person looks at stderr: progress then is one line that is rewritten. */
  readonly isInteractive: boolean;
  readonly input: Readable;
  /** Called for each SIGINT and SIGTERM, with how many there were. The answer takes the listener away again. */
  onInterrupt(listener: (count: number) => void): () => void;
}

export interface TerminalStreams {
  readonly stdin: Readable;
  readonly stdout: Writable;
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
    onInterrupt,
    write(text) {
      return output(text);
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

function guardedOutput(stdout: Writable): (text: string) => Promise<void> {
  let closed = false;
  const wake = new Set<() => void>();
  const wakeAll = (): void => {
    for (const resolve of wake) resolve();
    wake.clear();
  };
  stdout.on('drain', wakeAll);
  for (const event of ['error', 'close']) {
    stdout.on(event, () => {
      closed = true;
      wakeAll();
    });
  }
  return async (text) => {
    if (!closed && !stdout.write(text)) await new Promise<void>((resolve) => wake.add(resolve));
    if (closed) throw new OutputClosed();
  };
}
