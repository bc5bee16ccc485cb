/** Every help text fits the terminal, and is the same from the command index as from the commands. */
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { definedCommands } from '../../src/cli/commands-reference.ts';
import { createRoot, fitHelp } from '../../src/cli/create-program.ts';
import { addDescribed, describeCommand } from '../../src/cli/start/command-index.ts';
import { helpWidth, pageWidth } from '../../src/cli/render/page.ts';

const originals = await definedCommands();

/** `run`, `job show`: every command and subcommand. */
function namesOf(commands: readonly Command[], before: readonly string[] = []): string[][] {
  return commands.flatMap((command) => {
    const name = [...before, command.name()];
    return [name, ...namesOf(command.commands, name)];
  });
}

function helpFromIndex(name: readonly string[], width: number): string {
  let text = '';
  const root = createRoot({ write: (part) => (text += part), say: () => undefined, width });
  for (const command of originals) addDescribed(root, describeCommand(command));
  try {
    root.parse([...name, '--help'], { from: 'user' });
  } catch {
    // Commander throws after it printed the help.
  }
  return text;
}

describe('help', () => {
  const names = [[], ...namesOf(originals)];

  it.each([60, 80, 120])('fits %i columns', (width) => {
    expect(names.length).toBeGreaterThan(30);
    const long = names.flatMap((name) =>
      helpFromIndex(name, width)
        .split('\n')
        .filter((line) => line.length > width)
        .map((line) => `${name.join(' ')}: ${line}`),
    );
    expect(long).toEqual([]);
  });

  it('is wrapped once: no line but the last of a paragraph ends early', () => {
    const text = helpFromIndex(['rollback'], 80);
    const paragraph = text.split('\n\n')[1]?.split('\n') ?? [];
    expect(paragraph.length).toBeGreaterThan(3);
    for (const [index, line] of paragraph.slice(0, -1).entries()) {
      const next = paragraph[index + 1]?.split(' ')[0] ?? '';
      expect(`${line} ${next}`.length).toBeGreaterThan(80);
    }
  });

  it('is the same from the index as from the commands', () => {
    for (const command of originals) {
      let text = '';
      command.configureOutput({ getOutHelpWidth: () => 80, writeOut: (part) => (text += fitHelp(part, 80)) });
      command.outputHelp();
      expect(helpFromIndex([command.name()], 80)).toBe(text);
    }
  });
});

describe('long examples', () => {
  it('are broken between words with a backslash, and quoted words stay whole', () => {
    const example = `  $ vocab-sync run ror --custom-args '{"guards": {"max_shrink_percent": 10}}' --title "a long title"`;
    const lines = fitHelp(example, 60).split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(60);
    expect(lines.slice(0, -1).every((line) => line.endsWith(' \\'))).toBe(true);
    const joined = lines.join('\n').replaceAll(/ \\\n\s*/g, ' ');
    expect(joined).toBe(example);
  });
});

describe('the width', () => {
  it('is that of the terminal, 80 where it does not know, and none in a pipe', () => {
    expect(pageWidth({ isTTY: true, columns: 132 })).toBe(132);
    expect(pageWidth({ isTTY: true, columns: 0 })).toBe(80);
    expect(pageWidth({})).toBe(Infinity);
    expect(helpWidth({})).toBe(80);
  });
});
