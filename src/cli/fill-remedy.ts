/** Replaces RUN, JOB and FILE in remedies with the known names, so that the commands can be pasted. */
import { remedyOf } from '../errors.ts';
import { quoteForShell } from './program-name.ts';

/** Details of an error, or the report of a run. Only texts count. */
export interface RemedyNames {
  readonly run?: unknown;
  readonly job?: unknown;
  readonly file?: unknown;
}

/** A longer name, one with a control character, and one that looks like an option are not put into a command. */
const USABLE = /^(?!-)[^\p{C}\p{Zl}\p{Zp}`]{1,300}$/u;

/** The remedy of a code. Names are filled into its commands only; a name that is not known stays as it is. */
export function fillRemedy(code: string, names: RemedyNames): string {
  const known: Readonly<Record<string, unknown>> = { RUN: names.run, JOB: names.job, FILE: names.file };
  return remedyOf(code).replaceAll(/`[^`]*`/g, (command) =>
    command.replaceAll(/(?<![\w@-])(?:RUN|JOB|FILE)(?![\w@-])/g, (word) => {
      const name = known[word];
      return typeof name === 'string' && USABLE.test(name) ? quoteForShell(name) : word;
    }),
  );
}
