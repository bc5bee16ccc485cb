/**
 * What can come next on a command line. Reads files and, where a server is known, the stored jobs. It starts nothing,
 * changes nothing and fails silently: a message in the middle of typing helps nobody.
 */
import {
  readCommandIndex,
  type ArgumentData,
  type CommandData,
  type CommandIndex,
  type OptionData,
} from '../start/command-index.ts';

/** A word, and what it means. */
type Candidate = readonly [word: string, meaning: string];

interface Offer {
  readonly files: boolean;
  readonly candidates: readonly Candidate[];
}

const NOTHING: Offer = { files: false, candidates: [] };
const FILES: Offer = { files: true, candidates: [] };

/**
 * `words` are those after the program, the last one as far as it is typed. The result is for the scripts of
 * `completion`.
 */
export async function completeWords(words: readonly string[], cwd: string): Promise<string> {
  const index = readCommandIndex() ?? (await builtIndex());
  const typed = words.at(-1) ?? '';
  const offer = await offerFor(words.slice(0, -1), typed, {
    commands: index.commands,
    components: [...new Set(index.components.map(({ type }) => type))],
    jobs: async () => (await import('./job-names.ts')).jobNames(cwd, words),
  });
  const candidates = offer.candidates.filter(([word]) => word.startsWith(typed));
  return [offer.files ? 'files' : 'none', ...candidates.map(([word, meaning]) => `${word}\t${oneLine(meaning)}`)]
    .map((line) => `${line}\n`)
    .join('');
}

/** From the sources, where nothing was built. */
async function builtIndex(): Promise<CommandIndex> {
  const { buildCommandIndex } = await import('../commands-reference.ts');
  return buildCommandIndex();
}

interface Known {
  readonly commands: readonly CommandData[];
  readonly components: readonly string[];
  jobs(): Promise<readonly string[]>;
}

async function offerFor(before: readonly string[], typed: string, known: Known): Promise<Offer> {
  const place = placeOf(before, known.commands);
  if (place.option !== undefined) return valueOffer(place.option, known);
  if (typed.startsWith('-')) return { files: false, candidates: optionsOf(place.command) };
  if (place.command === undefined) return { files: false, candidates: known.commands.map(summaryOf) };
  const { command, position } = place;
  if (command.commands.length > 0) return { files: false, candidates: command.commands.map(summaryOf) };
  const argument = command.arguments[position] ?? command.arguments.findLast(({ syntax }) => syntax.includes('...'));
  return argument === undefined ? NOTHING : argumentOffer(command, argument, known);
}

interface Place {
  readonly command: CommandData | undefined;
  /** How many arguments of the command are there. */
  readonly position: number;
  /** The option whose value is being typed. */
  readonly option: OptionData | undefined;
}

function placeOf(before: readonly string[], commands: readonly CommandData[]): Place {
  let command: CommandData | undefined;
  let position = 0;
  let option: OptionData | undefined;
  for (const word of before) {
    if (option !== undefined) {
      option = undefined;
      continue;
    }
    if (word.startsWith('-')) {
      const named = (command?.options ?? []).find(({ flags }) => namesOf(flags).includes(word));
      option = (named !== undefined && takesValue(named)) || word === ENV_FILE.flags ? (named ?? ENV_FILE) : undefined;
      continue;
    }
    const inner = (command?.commands ?? (command === undefined ? commands : [])).find(({ name }) => name === word);
    if (inner === undefined) position += 1;
    else {
      command = inner;
      position = 0;
    }
  }
  return { command, position, option };
}

/** The option of the program, which may be before or after a command. */
const ENV_FILE: OptionData = { flags: '--env-file', description: 'a file of settings' };

function namesOf(flags: string): string[] {
  return flags.split(/[ ,|]+/).filter((part) => part.startsWith('-'));
}

function takesValue({ flags }: OptionData): boolean {
  return flags.includes('<');
}

function optionsOf(command: CommandData | undefined): Candidate[] {
  const own = (command?.options ?? []).flatMap(({ flags, description }) => {
    const long = namesOf(flags).find((name) => name.startsWith('--'));
    return long === undefined ? [] : [[long, description] as const];
  });
  return [...own, ['--help', 'display help'], ['--debug', 'log everything, and print stack traces with errors']];
}

const FILE_VALUES = ['<path>', '<file>', '<folder>', '<dir>', '<directory>'];

async function valueOffer({ flags, choices, description }: OptionData, known: Known): Promise<Offer> {
  if (choices !== undefined) return { files: false, candidates: choices.map((choice) => [choice, description]) };
  if (flags.includes('<job>')) return { files: false, candidates: await jobCandidates(known) };
  const isFile = flags === ENV_FILE.flags || FILE_VALUES.some((value) => flags.includes(value));
  return isFile ? FILES : NOTHING;
}

async function argumentOffer(command: CommandData, argument: ArgumentData, known: Known): Promise<Offer> {
  const name = argument.syntax.replaceAll(/[<>[\].]/g, '');
  if (argument.choices !== undefined)
    return { files: false, candidates: argument.choices.map((choice) => [choice, argument.description]) };
  if (name === 'type' && command.name === 'components')
    return { files: false, candidates: known.components.map((type) => [type, 'component']) };
  if (name === 'run') {
    const jobs = await known.jobs();
    return { files: false, candidates: jobs.map((job) => [`${job}@latest`, 'the last run of this job']) };
  }
  if (name === 'job' || name === 'type') {
    const files = argument.description.includes('file');
    return { files, candidates: await jobCandidates(known) };
  }
  if (name === 'file' || name === 'path') return { files: true, candidates: await jobCandidates(known) };
  return NOTHING;
}

async function jobCandidates(known: Known): Promise<Candidate[]> {
  return (await known.jobs()).map((job) => [job, 'job']);
}

function summaryOf({ name, summary }: CommandData): Candidate {
  return [name, summary];
}

/** Job names come from file names and a database. */
function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ');
}
