/** `--help`, `help` and `COMMAND --help` from the command index, without loading a command. */
import { CommanderError } from 'commander';
import { helpWidth } from '../render/page.ts';
import { createRoot } from '../create-program.ts';
import { addDescribed, readCommandIndex } from './command-index.ts';

/** The text of the help. Undefined where the words ask for something else, or nothing was built. */
export async function showHelp(argv: readonly string[]): Promise<string | undefined> {
  if (argv[0] !== 'help' && !argv.includes('--help') && !argv.includes('-h')) return undefined;
  const index = readCommandIndex();
  if (index === undefined) return undefined;
  let text = '';
  const program = createRoot({
    write: (part) => {
      text += part;
    },
    say: () => undefined,
    width: helpWidth(process.stdout),
  });
  for (const command of index.commands) addDescribed(program, command);
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return text;
  }
  return undefined;
}
