/** The log of a command, as separate lines that do not disturb the progress line. */
import type { Logger } from '../component/services.ts';
import { redactClipped } from '../logging/redact.ts';
import { messageOf } from '../errors.ts';
import { printable } from './render/printable.ts';
import type { Terminal } from './terminal.ts';

const LONGEST_LINE = 4_000;

/** Messages of the SDK about the run that the command follows and reports. */
const TOLD_OTHERWISE = new Set(['Activity failed', 'Workflow failed']);

/** Prints warnings and errors, and everything with `debug`. The progress line shows the ordinary events. */
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
