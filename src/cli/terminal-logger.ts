/** The log of a command: what a person should know as lines of its own, without disturbing the progress line. */
import type { Logger } from '../component/services.ts';
import { redactClipped } from '../logging/redact.ts';
import { messageOf } from '../errors.ts';
import { printable } from './render/printable.ts';
import type { Terminal } from './terminal.ts';

const LONGEST_LINE = 4_000;

/** Of the SDK, about the run that the command follows and reports. */
const TOLD_OTHERWISE = new Set(['Activity failed', 'Workflow failed']);

/** Warnings and errors; everything with `debug`. What happens in the ordinary way is told by the progress. */
export function terminalLogger(terminal: Terminal, debug: boolean): Logger {
  const at = (level: string) => (message: string, fields?: Record<string, unknown>) => {
    terminal.say(printable(redactClipped(`${level}: ${message}${describe(fields ?? {})}`, LONGEST_LINE)));
  };
  const nothing = (): void => undefined;
  const warn = at('warning');
  return {
    debug: debug ? at('debug') : nothing,
    info: debug ? at('info') : nothing,
    warn: (message, fields) => {
      if (debug || !TOLD_OTHERWISE.has(message)) warn(message, fields);
    },
    error: at('error'),
  };
}

function describe(fields: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(fields).map(([name, value]) => `${name}=${show(value)}`);
  return parts.length === 0 ? '' : ` (${parts.join(' ')})`;
}

function show(value: unknown): string {
  if (value instanceof Error) return messageOf(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
