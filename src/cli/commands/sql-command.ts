/** `sql`: opens psql on the database in force, or prints the command that does. */
import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { childEnvironment } from '../../settings.ts';
import { examples, type CommandContext } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { withDatabase } from '../servers/with-database.ts';
import { parseText } from './options/parse-text.ts';

interface SqlOptions {
  readonly command?: string;
}

export function addSqlCommand(program: Command, context: CommandContext): void {
  program
    .command('sql')
    .summary('open psql on the configured or embedded database')
    .description(
      'Starts psql on the database that vocab-sync uses, with the vocabularies in the search path. If psql is not installed, the command prints the line that opens the database on another machine, without the password. psql gets the password in its environment, so the list of processes does not show it.',
    )
    .option('-c, --command <sql>', 'run this SQL and exit', parseText('command'))
    .addHelpText('after', examples('vocab-sync sql', 'vocab-sync sql -c "SELECT count(*) FROM affiliations_current"'))
    .action(async ({ command }: SqlOptions) => {
      context.end(await openSql(context, command));
    });
}

async function openSql(context: CommandContext, command: string | undefined): Promise<ExitCode> {
  return withDatabase(context, async (databaseUrl) => {
    const url = new URL(databaseUrl);
    const code = await runPsql(url, command);
    if (code !== undefined) return code;
    context.terminal.say(
      'psql is not installed here. Where it is, this opens the database (it asks for the password of DATABASE_URL):',
    );
    await context.terminal.write(`psql "${withoutPassword(url)}"\n`);
    return EXIT.success;
  });
}

/** Exported for its test: nothing of the password may be in the arguments. */
export function psqlCall(
  url: URL,
  command: string | undefined,
): { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> } {
  return {
    args: [withoutPassword(url), ...(command === undefined ? [] : ['-c', command])],
    env: {
      ...(url.password === '' ? {} : { PGPASSWORD: decoded(url.password) }),
      PGAPPNAME: 'vocab-sync sql',
      PGOPTIONS: '-c search_path=vocabularies,public,vocab_sync',
    },
  };
}

/** The options of node-postgres that psql does not know are left out; so is a password among them. */
const PSQL_PARAMETERS = /^(host|port|dbname|user|ssl(mode|cert|key|rootcert)|connect_timeout|target_session_attrs)$/;

function withoutPassword(url: URL): string {
  const shown = new URL(url);
  shown.password = '';
  for (const name of [...shown.searchParams.keys()]) if (!PSQL_PARAMETERS.test(name)) shown.searchParams.delete(name);
  return shown.href;
}

/** A password may hold a percent sign that encodes nothing. */
function decoded(password: string): string {
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}

/** Undefined where there is no psql. */
function runPsql(url: URL, command: string | undefined): Promise<ExitCode | undefined> {
  const { args, env } = psqlCall(url, command);
  const child = spawn('psql', args, { stdio: 'inherit', env: childEnvironment(env) });
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve(undefined);
      else reject(error);
    });
    child.once('exit', (code) => {
      resolve(code === 0 ? EXIT.success : EXIT.failed);
    });
  });
}
