/** The rows of an Excel workbook. */
import { z } from 'zod';
import { abortable } from '../src/component/abortable.ts';
import { defineReader, type ReadContext } from '../src/component/reader.ts';
import type { Resource } from '../src/component/resource.ts';
import { readXlsxRecords } from '../src/formats/xlsx/records.ts';
import type { ReadItem } from '../src/records/entry.ts';
import { ignoredMode, ignoredOrigin, ignoredSince } from './arguments/ignored.ts';
import { openLocally } from './arguments/open-locally.ts';
import { recordBytes } from './arguments/record-limits.ts';

const argsSchema = z.strictObject({
  sheet: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The name of the sheet, or `*` for all sheets that are not hidden. Without it, the first sheet is read, with a warning if there are others.',
    ),
  sheet_field: z
    .string()
    .min(1)
    .optional()
    .describe('A field that gets the name of the sheet, to distinguish the records of several sheets.'),
  header_row: z
    .int()
    .positive()
    .optional()
    .describe('The number of the row that names the columns. Default: the first row that is not blank.'),
  merged_cells: z
    .enum(['first', 'fill'])
    .default('first')
    .describe(
      'Which of several merged cells have the value: only the `first`, or all of them (`fill`). With `fill` each sheet is read twice.',
    ),
  max_record_bytes: recordBytes,
  max_shared_bytes: z
    .int()
    .positive()
    .default(128 * 1024 ** 2)
    .describe(
      'The most characters of all different texts of the workbook together. They are held in memory, because cells refer to them by number.',
    ),
  max_entry_bytes: z
    .int()
    .positive()
    .default(8 * 1024 ** 3)
    .describe('The most bytes that a part of the workbook may unpack to. Sheets are streamed, so this bounds time.'),
  max_ratio: z
    .number()
    .positive()
    .default(500)
    .describe(
      'How many times its packed size a part may unpack to, once it is above 16 MiB. Deflate cannot exceed 1032, so a higher value allows anything.',
    ),
  origin: ignoredOrigin,
  mode: ignoredMode,
  since: ignoredSince,
});

type Args = z.infer<typeof argsSchema>;

export const xlsx = defineReader<Args>({
  type: 'xlsx',
  version: 1,
  summary: 'The rows of an Excel workbook (.xlsx)',
  description: `Each row below the header row becomes an object whose keys are the names in the header. Sheets are streamed. Blank rows are skipped, and a blank
cell is an absent field. Numbers are texts with all their digits, and with leading zeros if the format of the cell consists of zeros (\`00000\`). Dates and
times are texts of ISO 8601 (\`2026-11-30\`, \`2026-11-30T12:30:00\`, \`12:30:00\`), percentages are fractions, and a formula gives the value that was calculated
last. TRUE and FALSE are booleans.

A cell with an error such as \`#REF!\`, or a formula whose value was never calculated, rejects its row and names the cell (\`Sheet1!C12\`).
Workbooks with a password, and other formats (\`.xls\`, \`.xlsb\`, \`.ods\`), are refused with advice.`,
  args: argsSchema,
  examples: [
    { title: 'The first sheet', args: {} },
    { title: 'A sheet with a title above its table', args: { sheet: 'Journals', header_row: 3 } },
    { title: 'All sheets', args: { sheet: '*', sheet_field: 'sheet' } },
  ],
  coverage: 'full',
  accepts: 'bytes',
  emits: 'records',
  read,
});

async function* read(
  input: Resource,
  args: Args,
  context: ReadContext,
): AsyncGenerator<readonly ReadItem[], void, undefined> {
  context.signal.throwIfAborted();
  const file = await openLocally(input, context);
  try {
    const records = readXlsxRecords({
      name: input.name,
      open: file.open,
      from: context.from,
      sheet: args.sheet,
      sheetField: args.sheet_field,
      headerRow: args.header_row,
      fillsMerged: args.merged_cells === 'fill',
      maxRecordBytes: args.max_record_bytes,
      maxSharedBytes: args.max_shared_bytes,
      maxEntryBytes: args.max_entry_bytes,
      maxRatio: args.max_ratio,
      warn: (warning) => {
        context.warn(warning);
      },
    });
    yield* abortable(records, context.signal);
  } finally {
    await file.release();
  }
}
