import { z } from 'zod';
import { defineWriter } from '../src/component/writer.ts';
import type { FileFormat } from './file/create-encoder.ts';
import { inspectFile } from './file/inspect-file.ts';
import { openFileSink } from './file/open-file-sink.ts';
import { preflightFile } from './file/preflight-file.ts';

const EXTENSIONS: readonly (readonly [string, FileFormat])[] = [
  ['.jsonl', 'jsonl'],
  ['.ndjson', 'jsonl'],
  ['.csv', 'csv'],
  ['.yaml', 'yaml'],
  ['.yml', 'yaml'],
];

const FILE_PATH = /^[^\0]*[^\0/\\]$/;

const fields = z.strictObject({
  path: z
    .string()
    .regex(FILE_PATH, 'expected the path of a file, not of a directory')
    .describe(
      'Where the file appears, on the machine of the worker. A relative path counts from its working directory.',
    ),
  format: z
    .enum(['jsonl', 'csv', 'yaml'])
    .optional()
    .describe('How records are written. Without it the ending of `path` decides.'),
  columns: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      'The fields of the record that become columns, in this order. CSV needs them; the other formats write whole records.',
    ),
  escape_formulas: z
    .boolean()
    .optional()
    .describe(
      'CSV only: whether a text that a spreadsheet would calculate (it begins with =, +, - or @) gets an apostrophe in front. Use it for files that people open in a spreadsheet; other programs read the apostrophe as part of the text.',
    ),
  on_missing: z
    .enum(['keep', 'withdraw'])
    .default('keep')
    .describe(
      'What happens to a record that a complete read of the source no longer holds: `withdraw` leaves it out of the file, `keep` writes it as it was last.',
    ),
});

type FileArgs = z.infer<typeof fields>;

export const file = defineWriter({
  type: 'file',
  version: 2,
  receives: 'snapshot',
  summary: 'Publishes all records as one file (JSON Lines, CSV or YAML), which appears whole or not at all.',
  description: `Each publication writes the whole file anew, in order of id, and puts it in place by rename. \`PATH.manifest.json\` beside it
says how many records and bytes it holds, its SHA-256, and which job and run made it. A file that this job did not make is never
overwritten. In CSV (RFC 4180, UTF-8) lists and objects are JSON text. Mode, owner and group of an existing file and its manifest are kept, and a symbolic
link stays: the file it points to is replaced. Where they cannot be kept, nothing is published. YAML is a list of records, as InvenioRDM reads its fixtures.`,
  args: fields.superRefine(checkFormat),
  examples: [
    { title: 'One JSON document in each line', args: { path: 'out/affiliations.jsonl' } },
    { title: 'A table', args: { path: 'out/funders.csv', columns: ['id', 'name', 'country', 'identifiers'] } },
    {
      title: 'An InvenioRDM fixture without what the source no longer holds',
      args: { path: 'app_data/vocabularies/affiliations.yaml', on_missing: 'withdraw' },
    },
  ],
  targetName: ({ path }) => `file:${path}`,
  onMissing: ({ on_missing }) => on_missing,
  preflight: ({ path }, { job }) => preflightFile(path, job),
  inspect: ({ path }) => inspectFile(path),
  open: async (args, { run, job }) => {
    const format = formatOf(args) ?? 'jsonl';
    const { path, columns, escape_formulas: escapesFormulas = false } = args;
    const layout = columns === undefined ? undefined : { columns, escapesFormulas };
    return openFileSink({ path, format, layout, run, job });
  },
});

function formatOf({ path, format }: Pick<FileArgs, 'path' | 'format'>): FileFormat | undefined {
  return format ?? EXTENSIONS.find(([extension]) => path.toLowerCase().endsWith(extension))?.[1];
}

function checkFormat(args: FileArgs, context: z.RefinementCtx): void {
  if (!FILE_PATH.test(args.path)) return;
  const format = formatOf(args);
  const report = (path: string, message: string) => {
    context.addIssue({ code: 'custom', path: [path], message });
  };
  if (format === undefined) {
    report('format', 'expected "format", or a path that ends in .jsonl, .ndjson, .csv, .yaml or .yml');
  } else if (format === 'csv' && args.columns === undefined) {
    report(
      'columns',
      'expected "columns" with the fields to write, such as ["id", "name"], because CSV has a fixed header',
    );
  } else if (format !== 'csv' && args.columns !== undefined) {
    report('columns', `expected no "columns" with the format ${format}, which writes whole records`);
  }
  if (format !== undefined && format !== 'csv' && args.escape_formulas !== undefined) {
    report('escape_formulas', `expected no "escape_formulas" with the format ${format}: it is for CSV`);
  }
}
