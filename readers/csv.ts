/** The rows of a CSV file. */
import { quote } from '../src/clip.ts';
import { z } from 'zod';
import { abortable } from '../src/component/abortable.ts';
import { defineReader, type ReadContext } from '../src/component/reader.ts';
import type { Resource } from '../src/component/resource.ts';
import { QUOTING, quotingOf, toCsvDialect } from '../src/formats/csv/dialect.ts';
import { toEncodingLabel } from '../src/formats/csv/encoding.ts';
import { readCsvRecords } from '../src/formats/csv/records.ts';
import type { ReadItem } from '../src/records/entry.ts';
import { ignoredMode, ignoredOrigin, ignoredSince } from './arguments/ignored.ts';

const character = z
  .string()
  .refine((text) => Array.from(text).length === 1 && !/[\r\n]/.test(text), 'expected one character, no line break');
const asciiCharacter = character.refine((text) => /^[\u0020-\u007e\t]$/.test(text), 'expected an ASCII character');

const csvOptions = z
  .strictObject({
    dialect: z.enum(['excel', 'excel-tab', 'unix']).optional().describe("The name of one of Python's dialects."),
    delimiter: character.optional().describe('The character between cells. Default: a comma.'),
    quotechar: asciiCharacter.nullish().describe('The character around cells. Default: a double quote.'),
    escapechar: asciiCharacter
      .nullish()
      .describe('Makes the following character an ordinary one, such as a quote or a delimiter.'),
    doublequote: z.boolean().optional().describe('Whether a quote within quotes is written twice. Default: true.'),
    quoting: z
      .union([z.int(), z.string()])
      .refine((value) => quotingOf(value) >= 0, `expected 0 to 5, or one of ${QUOTING.join(', ')}`)
      .optional()
      .describe(
        'A constant of Python, by value or name: with QUOTE_NONE (3) no cell is quoted; with QUOTE_NONNUMERIC (2) cells without quotes are numbers.',
      ),
    skipinitialspace: z.boolean().optional().describe('Whether spaces after a delimiter are ignored. Default: false.'),
    lineterminator: z.string().optional().describe('Accepted and ignored, as Python does when it reads.'),
    strict: z.boolean().optional().describe('Accepted and ignored: broken quotes are always rejected.'),
  })
  .refine((options) => options.delimiter === undefined || options.delimiter !== options.quotechar, {
    message: 'expected another character than "quotechar"',
    path: ['delimiter'],
  });

const argsSchema = z.strictObject({
  csv_options: csvOptions.default({}).describe("How the file is written, by the names of Python's module `csv`."),
  as_dict: z
    .boolean()
    .default(true)
    .describe('Whether each row is an object by the names of the first row. Otherwise each is a list, the first too.'),
  ragged_rows: z
    .boolean()
    .optional()
    .describe(
      'Whether a row may lack blank cells at its end, or have further ones (as after a trailing separator). Missing cells are blank texts. Without it such a row is rejected.',
    ),
  encoding: z
    .string()
    .refine((name) => toEncodingLabel(name) !== undefined, 'expected the name of an encoding, such as "latin-1"')
    .optional()
    .describe(
      'The encoding of the file. Without it a byte order mark decides, and without that it is UTF-8. `utf-16` and `utf-32` are read in the byte order of their mark; without a mark, in the order that the first character shows.',
    ),
  max_record_bytes: z
    .int()
    .positive()
    .max(256 * 1024 ** 2)
    .default(4 * 1024 ** 2)
    .describe(
      'The most bytes of one row. A longer one is rejected without being held. This is what bounds the memory of the reader, and how far a quote that is not closed is followed.',
    ),
  origin: ignoredOrigin,
  mode: ignoredMode,
  since: ignoredSince,
});

type Args = z.infer<typeof argsSchema>;

export const csv = defineReader<Args>({
  type: 'csv',
  version: 2,
  summary: 'The rows of a CSV file',
  description: `Streams with bounded memory. Blank lines are skipped. A first line \`sep=;\`, which Excel writes, sets the delimiter. A
row is rejected alone if it has more or fewer cells than the first row, contains a NUL character, or is invalid in its encoding. Unbalanced
quotes lose only the line in which they begin: a closing quote must be followed by a delimiter or the end of the row, so a quote that is
never closed is noticed at the next quote.`,
  args: argsSchema,
  examples: [
    { title: 'Without args', args: {} },
    { title: 'With semicolons, in Latin-1', args: { csv_options: { delimiter: ';' }, encoding: 'latin-1' } },
  ],
  coverage: 'full',
  accepts: 'bytes',
  emits: 'records',
  blanks: 'absent',
  read,
});

function read(input: Resource, args: Args, context: ReadContext): AsyncIterable<readonly ReadItem[]> {
  const records = readCsvRecords(abortable(input.stream(), context.signal), {
    name: input.name,
    from: context.from,
    asObjects: args.as_dict,
    allowsRaggedRows: args.ragged_rows ?? false,
    dialect: toCsvDialect(args.csv_options),
    encoding: args.encoding === undefined ? undefined : toEncodingLabel(args.encoding),
    maxRecordBytes: args.max_record_bytes,
    onRepeatedColumn: (name) => {
      context.warn({
        code: 'W_CSV_COLUMN_REPEATED',
        message: `${input.name} names the column ${quote(name)} more than once: the last of them counts.`,
      });
    },
  });
  return abortable(records, context.signal);
}
