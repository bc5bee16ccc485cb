/**
 * Where a command reads and writes. Results go to stdout; everything else (progress, hints, warnings) goes to stderr.
 * A reader of stdout who left (`| head`) ends the command quietly.
 */
import type { Readable, Writable } from 'node:stream';
import { ConfigError, UnavailableError } from '../errors.ts';
import { childEnvironment } from '../settings.ts';
import { toTerminalSettings } from '../settings/terminal-settings.ts';
import { programName, toPasteable } from './program-name.ts';
import { clipColumns, fitText, helpWidth, pageWidth, widthOf, type Page } from './render/page.ts';

export interface Terminal {
  /** To stdout. Resolves when the reader can take more; throws OutputClosed when it left, else what keeps stdout from being written. */
  write(text: string): Promise<void>;
  /** Resolves when all of it was taken; throws as `write` does. */
  settle(): Promise<void>;
  /** One line to stderr. A command in it is named as the program was called. */
  say(line: string): void;
  /** The line at the end of stderr that is rewritten; nothing where stderr is no terminal. An empty text takes it away. */
  status(line: string): void;
  /** Whether a person looks at stderr: progress then is one line that is rewritten. */
  readonly isInteractive: boolean;
  /** What stdout is now; a terminal may be resized. */
  readonly page: Page;
  /** What stderr is now. */
  readonly sidePage: Page;
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
  /** Default: none. */
  readonly colours?: { readonly stdout: boolean; readonly stderr: boolean };
  /** How the operator calls the program. Default: `vocab-sync`. */
  readonly program?: string;
}

/** The reader of stdout has exited. This is not a failure. */
export class OutputClosed extends Error {
  constructor() {
    super('stdout was closed by its reader');
  }
}

export function createTerminal(streams: TerminalStreams): Terminal {
  const { stdin, stdout, stderr, onInterrupt, colours, program = 'vocab-sync' } = streams;
  const output = guardedOutput(stdout);
  const isInteractive = stderr.isTTY === true;
  let shown = '';
  stderr.on('error', () => undefined);
  /** A terminal that became narrower shows the status over several lines; all of them go. */
  const clear = (): string => {
    const lines = Math.max(1, Math.ceil(widthOf(shown) / pageWidth(stderr)));
    return `\r${lines > 1 ? `\u001b[${String(lines - 1)}A` : ''}\u001b[J`;
  };
  return {
    input: stdin,
    isInteractive,
    get page() {
      return { width: pageWidth(stdout), colours: colours?.stdout === true, program };
    },
    get sidePage() {
      return { width: pageWidth(stderr), colours: colours?.stderr === true, program };
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
      const text = fitText(toPasteable(line, program), { width: pageWidth(stderr), colours: false });
      stderr.write(shown === '' ? `${text}\n` : `${clear()}${text}\n${shown}`);
    },
    status(line) {
      if (!isInteractive || (line === '' && shown === '')) return;
      const before = clear();
      shown = clipColumns(line, pageWidth(stderr) - 1);
      stderr.write(`${before}${shown}`);
    },
  };
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  const { colours: choice, ...environment } = toTerminalSettings(childEnvironment({}));
  const colours = { stdout: showsColours(stdout, choice), stderr: showsColours(stderr, choice) };
  const [, script = 'vocab-sync', ...argv] = process.argv;
  const program = programName({ script, argv, cwd: process.cwd(), ...environment });
  return createTerminal({ stdin, stdout, stderr, onInterrupt, colours, program });
}

/** FORCE_COLOR and NO_COLOR decide; otherwise a terminal that has colours gets them. */
function showsColours(stream: NodeJS.WriteStream, choice: boolean | undefined): boolean {
  return choice ?? (stream.isTTY && stream.hasColors());
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
  const message = `What this command prints could not be written whole: ${error.message}. Fix that, then repeat the command.`;
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
    return new UnavailableError('E_DISK_FULL', message, { cause: error });
  }
  return new ConfigError('E_FILE_NOT_FOUND', message, { cause: error });
}
