/** The logger of every process: JSON lines for machines, readable lines in a terminal, no secrets in either. */
import { pino, type DestinationStream } from 'pino';
import pretty from 'pino-pretty';
import type { Logger } from '../component/services.ts';
import { escapeInvisible } from '../clip.ts';
import { redactClipped } from './redact.ts';

/** Deeper values are cut off: a field is for reading. */
const MAX_DEPTH = 6;
/** Characters of a message, a field and a stack that a line keeps. */
const LONGEST_TEXT = 20_000;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
type LogFormat = 'auto' | 'json' | 'pretty';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** `auto` is readable in a terminal and JSON elsewhere. */
  readonly format: LogFormat;
  /** A worker logs to stdout; a command logs to stderr, its stdout is for its result. */
  readonly destination: 'stdout' | 'stderr';
}

export function createLogger(options: LoggerOptions): Logger {
  const stream = options.destination === 'stdout' ? process.stdout : process.stderr;
  const readable = options.format === 'pretty' || (options.format === 'auto' && stream.isTTY);
  const fd = options.destination === 'stdout' ? 1 : 2;
  const destination = readable
    ? pretty({
        destination: fd,
        sync: true,
        colorize: stream.isTTY && stream.hasColors(),
        translateTime: 'SYS:HH:MM:ss',
        singleLine: true,
        // Fields of these names get lines of their own.
        ...(options.level === 'debug' ? {} : { errorLikeObjectKeys: [] }),
      })
    : pino.destination({ dest: fd, sync: true });
  return createLoggerOn(destination, options.level, { stacks: !readable || options.level === 'debug' });
}

/** `stacks: false` leaves the stacks of errors out, so that an event is one line. */
export function createLoggerOn(
  destination: DestinationStream,
  level: LogLevel,
  { stacks = true }: { readonly stacks?: boolean } = {},
): Logger {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const at = (name: LogLevel) => (message: string, fields?: Record<string, unknown>) => {
    if (!logger.isLevelEnabled(name)) return;
    logger[name](
      fields === undefined ? {} : redactFields(fields, stacks),
      stacks ? clean(message) : inOneLine(message),
    );
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A pretty log goes to a terminal, which would obey control characters. */
function clean(text: string): string {
  return escapeInvisible(redactClipped(text, LONGEST_TEXT));
}

/** The pretty format prints line breaks as they are, also those of errors. */
function inOneLine(text: string): string {
  return clean(text).replace(/\s*[\r\n]\s*/g, ' ');
}

function redactFields(fields: Readonly<Record<string, unknown>>, stacks: boolean): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      !stacks && value instanceof Error ? inOneLine(sentenceOf(value)) : redactValue(value, 1),
    ]),
  );
}

/** `E_CODE: message`, with the messages of its causes that say something new. */
function sentenceOf(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : '';
  const messages: string[] = [];
  for (let each: unknown = error; each instanceof Error && messages.length < MAX_DEPTH; each = each.cause) {
    const { message } = each;
    if (!messages.some((known) => known.includes(message))) messages.push(message);
  }
  return `${code}${messages.join('; cause: ')}`;
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return clean(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '…';
  if (value instanceof Error) return describeError(value, depth);
  if (value instanceof Date) return value;
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, redactValue(item, depth + 1)]));
}

function describeError(error: Error, depth: number): Record<string, unknown> {
  return {
    name: error.name,
    message: clean(error.message),
    ...('code' in error ? { code: error.code } : {}),
    ...(error.stack === undefined ? {} : { stack: clean(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: redactValue(error.cause, depth + 1) }),
  };
}
