/** The lines of a help text that commander leaves as they are, fitted to the width: usage, examples, exit codes. */

const EXAMPLE = /^ {2}\$ /;
const HEAD = /^(?:Usage: |Exit codes: | *)/;
const CONTINUED = '      ';

/** Wraps long lines between words. A long example gets the backslash of the shell, so that it can still be pasted. */
export function fitHelp(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => (line.length <= width ? line : EXAMPLE.test(line) ? fitExample(line, width) : fitLine(line, width)))
    .join('\n');
}

function fitExample(example: string, width: number): string {
  // Two columns stay free for the backslash.
  const lines = fill(wordsOf(example.replace(EXAMPLE, '')), { first: '  $ ', others: CONTINUED, width: width - 2 });
  return lines.join(' \\\n');
}

function fitLine(line: string, width: number): string {
  const head = HEAD.exec(line)?.[0] ?? '';
  const words = line.slice(head.length).split(' ');
  return fill(words, { first: head, others: ' '.repeat(head.length), width }).join('\n');
}

function fill(words: readonly string[], { first, others, width }: { first: string; others: string; width: number }) {
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

/** Quoted words stay whole. */
function wordsOf(command: string): string[] {
  return command.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
}
