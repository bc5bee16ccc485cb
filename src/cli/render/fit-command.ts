/** Commands that are longer than the terminal is wide. With a line break alone, a shell would run the first line of them. */

interface Space {
  /** The text before the command. */
  readonly first: string;
  /** The text before the following lines. */
  readonly others: string;
  readonly width: number;
}

/** Breaks a command between words with the backslash of the shell, so that it can be pasted. Quoted words stay whole. */
export function fitCommand(command: string, space: Space): string {
  if (space.first.length + command.length <= space.width) return space.first + command;
  // Two columns stay free for the backslash.
  return fillLines(wordsOf(command), { ...space, width: space.width - 2 }).join(' \\\n');
}

/** Puts as many words on each line as it has room for. */
export function fillLines(words: readonly string[], { first, others, width }: Space): string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of words) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = others;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}

function wordsOf(command: string): string[] {
  return command.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
}
