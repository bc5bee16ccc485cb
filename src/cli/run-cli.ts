/** Runs one command line: from the words that were typed to the exit code. Throws nothing. */
import { CommanderError } from 'commander';
import { knownError } from '../../activities/known-error.ts';
import { ConfigError, VocabSyncError, messageOf } from '../errors.ts';
import type { Settings } from '../settings.ts';
import type { EnvFileOptions } from '../settings/env-files.ts';
import type { CommandContext } from './command-context.ts';
import { createProgram } from './create-program.ts';
import { EXIT, exitCodeOfError, type ExitCode } from './exit-code.ts';
import { printError, writeErrorJson } from './print-error.ts';
import { OutputClosed, type Terminal } from './terminal.ts';

export interface CliEnvironment {
  readonly terminal: Terminal;
  readonly cwd: string;
  /** `options` say which file the settings are read from. */
  readonly loadSettings: (options: EnvFileOptions) => Settings;
}

export async function runCli(
  typed: readonly string[],
  { terminal, cwd, loadSettings }: CliEnvironment,
): Promise<ExitCode> {
  const { argv, envFile, fault } = takeEnvFile(typed);
  let code: ExitCode = EXIT.success;
  let settings: Settings | undefined;
  const context: CommandContext = {
    terminal,
    cwd,
    settings: () =>
      (settings ??= withWarnings(
        withDebug(
          loadSettings({ envFile, hasOwnServers: OWN_SERVERS.has(argv.find((word) => !word.startsWith('-')) ?? '') }),
          argv,
        ),
        terminal,
      )),
    end: (ending) => {
      code = ending;
    },
  };
  try {
    if (fault !== undefined) throw new ConfigError('E_USAGE', fault);
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

/** Says once which settings were not read. */
function withWarnings(settings: Settings, terminal: Pick<Terminal, 'say'>): Settings {
  const names = settings.ignoredInEnvFile;
  if (names.length > 0)
    terminal.say(
      `warning: ${names.join(', ')} in .env ${names.length === 1 ? 'is' : 'are'} ignored, because a file of the working directory cannot name code to execute. Set it in the environment, or give the file with --env-file.`,
    );
  return settings;
}

/** `--debug` is LOG_LEVEL=debug for one command. */
function withDebug(settings: Settings, argv: readonly string[]): Settings {
  return argv.includes('--debug') ? { ...settings, logLevel: 'debug' } : settings;
}

/** They start servers of their own where nothing else is said, so the settings of a service are not for them. */
const OWN_SERVERS = new Set(['dev', 'demo']);

interface GlobalOptions {
  /** Without the global options. */
  readonly argv: readonly string[];
  readonly envFile: string | undefined;
  readonly fault: string | undefined;
}

/** `--env-file FILE` may be given before and after the command. */
export function takeEnvFile(typed: readonly string[]): GlobalOptions {
  const end = typed.includes('--') ? typed.indexOf('--') : typed.length;
  const at = typed.findIndex((word, index) => index < end && /^--env-file(?:=|$)/.test(word));
  if (at === -1) return { argv: typed, envFile: undefined, fault: undefined };
  const word = typed[at] ?? '';
  const isJoined = word.includes('=');
  const envFile = isJoined ? word.slice(word.indexOf('=') + 1) : typed[at + 1];
  const argv = typed.toSpliced(at, isJoined ? 1 : 2);
  const fault =
    envFile === undefined || envFile === '' || (!isJoined && envFile.startsWith('-'))
      ? 'Expected the path of a settings file after --env-file, found none.'
      : undefined;
  return { argv, envFile, fault };
}

/** Its text was said on stderr, with the usage of the command. */
function toUsageError({ message }: CommanderError): ConfigError {
  return new ConfigError('E_USAGE', message.replace(/^error: /, ''));
}

/**
 * Recognises errors of the system and of PostgreSQL that are caused by a setting, a file or a permission. The operator
 * fixes them; they are not bugs.
 */
const TLS_REFUSES =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY|GET)_\w+|CERT_\w+|ERR_TLS_\w+)$/;
const NO_TLS = /the server does not support SSL connections/i;
const FILE_REFUSES = /^(EACCES|EPERM|EROFS|ENOTDIR|EISDIR|ENOENT|ELOOP|ENAMETOOLONG|EEXIST)$/;

/** Returns the error that the operator should read. Unforeseen errors are returned unchanged. */
function operatorError(thrown: unknown): unknown {
  if (thrown instanceof VocabSyncError) return thrown;
  const { code = '', path } = thrown instanceof Error ? (thrown as NodeJS.ErrnoException) : {};
  const message = messageOf(thrown);
  if (TLS_REFUSES.test(code) || NO_TLS.test(message)) {
    const text = `PostgreSQL refuses the connection that DATABASE_URL describes, or what is done with it: ${message}. Correct the user, password, name or sslmode in it, or grant the rights.`;
    return new ConfigError('E_SETTINGS_INVALID', text, { cause: thrown });
  }
  if (FILE_REFUSES.test(code) && path !== undefined) {
    const text = `A file or folder cannot be used: ${message}. Expected one that this user may read and write; look at its path, its rights, and VOCAB_SYNC_HOME.`;
    return new ConfigError('E_FILE_NOT_FOUND', text, { cause: thrown, details: { path } });
  }
  return knownError(thrown) ?? thrown;
}
