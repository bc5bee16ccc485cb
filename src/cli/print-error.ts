/** Prints an error for people on stderr, and with `--json` also as the one document on stdout. */
import { VocabSyncError, messageOf } from '../errors.ts';
import { redactClipped, redactJson } from '../logging/redact.ts';
import { fillRemedy } from './fill-remedy.ts';
import { printableLines, toJsonText } from './render/printable.ts';
import { paint } from './render/page.ts';
import type { Terminal } from './terminal.ts';

const LONGEST_MESSAGE = 20_000;
const LONGEST_STACK = 40_000;

export interface PrintErrorOptions {
  readonly json: boolean;
  /** Prints the stack too. */
  readonly debug: boolean;
}

export async function printError(
  terminal: Terminal,
  error: unknown,
  { json, debug }: PrintErrorOptions,
): Promise<void> {
  const { code, message, remedy } = describeError(error);
  terminal.status('');
  terminal.say(`${paint(terminal.sidePage, 'red', 'error:')} ${printableLines(message)}`);
  terminal.say(`  code:        ${code}`);
  terminal.say(`  what to do:  ${remedy}`);
  if (debug && error instanceof Error && error.stack !== undefined)
    terminal.say(printableLines(redactClipped(error.stack, LONGEST_STACK)));
  if (json) await writeErrorJson(terminal, error);
}

/** The one document on stdout of a command that failed. */
export async function writeErrorJson(terminal: Terminal, error: unknown): Promise<void> {
  const { code, message, remedy, details } = describeError(error);
  await terminal.write(`${toJsonText({ error: { code, message, remedy, details } }, 2)}\n`);
}

interface ErrorDescription {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly details: unknown;
}

function describeError(error: unknown): ErrorDescription {
  if (error instanceof VocabSyncError) {
    return {
      code: error.code,
      message: redactClipped(error.message, LONGEST_MESSAGE),
      remedy: fillRemedy(error.code, error.details),
      details: redactJson(JSON.parse(JSON.stringify(error.details)), LONGEST_MESSAGE),
    };
  }
  return {
    code: 'E_INTERNAL',
    message: redactClipped(messageOf(error), LONGEST_MESSAGE),
    remedy: 'This is a bug of vocab-sync: please report it. --debug shows where it happened.',
    details: {},
  };
}
