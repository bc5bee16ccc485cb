/** The lines of a help text that commander leaves as they are, fitted to the width: usage, examples, exit codes. */
import { fillLines, fitCommand } from './fit-command.ts';

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
  return fitCommand(example.replace(EXAMPLE, ''), { first: '  $ ', others: CONTINUED, width });
}

function fitLine(line: string, width: number): string {
  const head = HEAD.exec(line)?.[0] ?? '';
  const words = line.slice(head.length).split(' ');
  return fillLines(words, { first: head, others: ' '.repeat(head.length), width }).join('\n');
}
