/**
 * Generates docs/reference/errors.md: every error code with its meaning and remedy, grouped by the person who can fix
 * it.
 */
import { ERROR_CODES, type ErrorCodeEntry, type ErrorKind } from '../../error-codes.ts';
import { GENERATED } from './generated.ts';

const KINDS: Readonly<Record<ErrorKind, { readonly title: string; readonly text: string }>> = {
  config: {
    title: 'Something to edit',
    text: 'A file, an argument or a setting has to be corrected. Trying again cannot help: the same text gives the same answer.',
  },
  record: {
    title: 'Single records',
    text: 'Only this record is bad. It is stored as a rejection with its reason and its position in the source, and the run continues.',
  },
  unavailable: {
    title: 'Away for now',
    text: 'A server, a connection or a disk is not available at the moment. The run retries automatically.',
  },
  source: {
    title: 'The source is not what it claims',
    text: 'Nothing of it is published. Trying again reads the same bytes.',
  },
  limit: { title: 'Limits', text: 'A budget stopped the work. Decide whether the budget or the data is wrong.' },
  state: {
    title: 'Another state than expected',
    text: 'A run or a table is not in the state that the work needs. Look at it, decide, and start it again.',
  },
  internal: { title: 'Faults of vocab-sync', text: 'Please report them. Trying again runs the same code.' },
};

export function toErrorsPage(): string {
  const codes: [string, ErrorCodeEntry][] = Object.entries(ERROR_CODES);
  const sections = Object.entries(KINDS).map(([kind, { title, text }]) => {
    const rows = codes
      .filter(([, entry]) => entry.kind === kind)
      .map(([code, entry]) => `| \`${code}\` | ${escapeCell(entry.meaning)} | ${escapeCell(entry.remedy)} |`);
    return [`## ${title}`, text, ['| code | what happened | what to do |', '|---|---|---|', ...rows].join('\n')].join(
      '\n\n',
    );
  });
  const intro =
    'Every error has a code that stays the same across releases, so that scripts and alerts may rely on it.';
  return `${['# Errors', GENERATED, intro, ...sections].join('\n\n')}\n`;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
