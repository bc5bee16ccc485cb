/** The settings of a terminal, which are needed before any setting of vocab-sync is read. */

export interface TerminalSettings {
  /**
   * True: colours even in a pipe (FORCE_COLOR). False: none (NO_COLOR, or FORCE_COLOR=0). Undefined: as the terminal
   * can.
   */
  readonly colours: boolean | undefined;
  /** What npm says of how it started this process: `exec`, `run-script`. */
  readonly npmCommand: string | undefined;
  /** Where the shell looks for programs. */
  readonly path: string;
}

export function toTerminalSettings(env: Readonly<Record<string, string | undefined>>): TerminalSettings {
  return { colours: colourChoice(env), npmCommand: env['npm_command'], path: env['PATH'] ?? '' };
}

/** FORCE_COLOR wins over NO_COLOR, as in Node. */
function colourChoice({
  FORCE_COLOR: force,
  NO_COLOR: none,
}: Readonly<Record<string, string | undefined>>): boolean | undefined {
  if (force !== undefined) return force !== '0' && force !== 'false';
  return none === undefined || none === '' ? undefined : false;
}
