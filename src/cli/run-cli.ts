/** Runs one command line: from the words that were typed to the exit code. Throws nothing. */
import { CommanderError } from 'commander';
import { ConfigError } from '../errors.ts';
import type { Settings } from '../settings.ts';
import type { CommandContext } from './command-context.ts';
import { createProgram } from './create-program.ts';
import { EXIT, exitCodeOfError, type ExitCode } from './exit-code.ts';
import { operatorError } from './operator-error.ts';
import { printError, writeErrorJson } from './print-error.ts';
import { OutputClosed, type Terminal } from './terminal.ts';

export interface CliEnvironment {
  readonly terminal: Terminal;
  readonly cwd: string;
  readonly loadSettings: () => Settings;
}

export async function runCli(
  argv: readonly string[],
  { terminal, cwd, loadSettings }: CliEnvironment,
): Promise<ExitCode> {
  let code: ExitCode = EXIT.success;
  let settings: Settings | undefined;
  const context: CommandContext = {
    terminal,
    cwd,
    settings: () => (settings ??= withDebug(loadSettings(), argv)),
    end: (ending) => {
      code = ending;
    },
  };
  try {
    const program = await createProgram(context, argv);
    await program.parseAsync([...argv], { from: 'user' });
    await terminal.settle();
    return code;
  } catch (thrown) {
    if (thrown instanceof OutputClosed) return code;
    if (thrown instanceof CommanderError) {
      if (thrown.exitCode === 0) return EXIT.success;
      if (argv.includes('--json')) await writeErrorJson(terminal, toUsageError(thrown)).catch(() => undefined);
      return EXIT.usage;
    }
    const error = operatorError(thrown);
    const printed = printError(terminal, error, {
      json: argv.includes('--json'),
      debug: argv.includes('--debug') || settings?.logLevel === 'debug',
    });
    await printed.catch(() => undefined);
    return exitCodeOfError(error);
  }
}

/** `--debug` is LOG_LEVEL=debug for one command. */
function withDebug(settings: Settings, argv: readonly string[]): Settings {
  return argv.includes('--debug') ? { ...settings, logLevel: 'debug' } : settings;
}

/** Its text was said on stderr, with the usage of the command. */
function toUsageError({ message }: CommanderError): ConfigError {
  return new ConfigError('E_USAGE', message.replace(/^error: /, ''));
}
