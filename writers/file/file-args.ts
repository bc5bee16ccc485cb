/** The arguments of the writer `file`, and which of them go together. */
import { z } from 'zod';
import { BOTH_KEYS, hasBothKeys, placeArgs } from '../../src/component/s3-place-args.ts';

export type FileFormat = 'jsonl' | 'csv' | 'yaml' | 'parquet';
export type ColumnType = 'text' | 'json' | 'integer' | 'number' | 'boolean' | 'texts';

const EXTENSIONS: readonly (readonly [string, FileFormat])[] = [
  ['.jsonl', 'jsonl'],
  ['.ndjson', 'jsonl'],
  ['.csv', 'csv'],
  ['.yaml', 'yaml'],
  ['.yml', 'yaml'],
  ['.parquet', 'parquet'],
];

const FILE_PATH = /^[^\0]*[^\0/\\]$/;
export const BUCKET_PATH = /^s3:\/\/([A-Za-z0-9](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9])?)\/([^\0]*[^\0/])$/;

function isPath(path: string): boolean {
  return path.startsWith('s3:') ? BUCKET_PATH.test(path) : FILE_PATH.test(path);
}

const target = {
  path: z
    .string()
    .regex(FILE_PATH, 'expected the path of a file, not of a directory')
    .refine((path) => !FILE_PATH.test(path) || isPath(path), 'expected s3://BUCKET/KEY with the key of an object')
    .describe(
      'Where the file appears: a path on the machine of the worker, or `s3://BUCKET/KEY` for an object in a bucket. A relative path counts from the working directory of the worker.',
    ),
  ...placeArgs,
  region: z.string().min(1).default('us-east-1').describe('The region of the bucket. Only for `s3://`.'),
};

const form = {
  format: z
    .enum(['jsonl', 'csv', 'yaml', 'parquet'])
    .optional()
    .describe('How records are written. Default: by the ending of `path`.'),
  compress: z
    .enum(['gzip'])
    .optional()
    .describe('Compresses the file. A `path` that ends in `.gz` needs it. Parquet compresses by itself.'),
  columns: z
    .array(z.string().min(1))
    .min(1)
    .refine((columns) => new Set(columns).size === columns.length, 'expected each column once')
    .optional()
    .describe(
      'The fields of the record that become columns, in this order. CSV needs them. Parquet has the columns `id` and `record` (the whole record as JSON) without them. The other formats write whole records.',
    ),
  column_types: z
    .record(z.string(), z.enum(['text', 'json', 'integer', 'number', 'boolean', 'texts']))
    .optional()
    .describe(
      'Parquet only: the types of columns. `text` is the default, and writes numbers, lists and objects as JSON text; `json` is marked as JSON; `integer` has 64 bits; `number` is a double; `texts` is a list of texts. A value that does not fit its type fails the run.',
    ),
  escape_formulas: z
    .boolean()
    .optional()
    .describe(
      'CSV only: whether a text that a spreadsheet would calculate (it begins with =, +, - or @) gets an apostrophe in front. Use it for files that people open in a spreadsheet; other programs read the apostrophe as part of the text.',
    ),
};

const history = {
  keep: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe(
      'Keeps this many versions in the folder `PATH.versions`, each named by its run. On disk `path` is a copy of the latest; in a bucket `PATH.manifest.json` names the latest and there is no object at `path`. Without `keep` there is only the file at `path`.',
    ),
  feed: z
    .boolean()
    .default(false)
    .describe(
      'Whether the changes of each publication are also written, as JSON Lines in the folder `PATH.changes`: `00000001.jsonl`, `00000002.jsonl` and so on, without a gap. They are never deleted.',
    ),
  on_missing: z
    .enum(['keep', 'withdraw'])
    .default('keep')
    .describe(
      'What happens to a record that a complete read of the source no longer holds: `withdraw` omits it from the file, `keep` writes its last version.',
    ),
};

export const fileFields = z.strictObject({ ...target, ...form, ...history }).refine(hasBothKeys, BOTH_KEYS);

export type FileArgs = z.infer<typeof fileFields>;

export function formatOf({ path, format }: Pick<FileArgs, 'path' | 'format'>): FileFormat | undefined {
  const name = path.toLowerCase().replace(/\.gz$/, '');
  return format ?? EXTENSIONS.find(([extension]) => name.endsWith(extension))?.[1];
}

type Report = (path: string, message: string) => void;

export function checkFileArgs(args: FileArgs, context: z.RefinementCtx): void {
  if (!isPath(args.path)) return;
  const report: Report = (path, message) => {
    context.addIssue({ code: 'custom', path: [path], message });
  };
  const format = formatOf(args);
  if (format === undefined) {
    report('format', 'expected "format", or a path that ends in .jsonl, .ndjson, .csv, .yaml, .yml or .parquet');
  } else {
    checkFormat(args, format, report);
  }
  checkPlace(args, report);
}

function checkFormat(args: FileArgs, format: FileFormat, report: Report): void {
  if (format === 'csv' && args.columns === undefined) {
    report(
      'columns',
      'expected "columns" with the fields to write, such as ["id", "name"], because CSV has a fixed header',
    );
  } else if (!['csv', 'parquet'].includes(format) && args.columns !== undefined) {
    report('columns', `expected no "columns" with the format ${format}, which writes whole records`);
  }
  if (format !== 'csv' && args.escape_formulas !== undefined) {
    report('escape_formulas', `expected no "escape_formulas" with the format ${format}: it is for CSV`);
  }
  if (args.column_types !== undefined) {
    const stray = Object.keys(args.column_types).find((name) => args.columns?.includes(name) !== true);
    if (format !== 'parquet') report('column_types', `expected no "column_types" with the format ${format}`);
    else if (stray !== undefined) report('column_types', `expected only names of "columns", found "${stray}"`);
  }
  const isGzip = args.path.toLowerCase().endsWith('.gz');
  if (format === 'parquet' && args.compress !== undefined) {
    report('compress', 'expected no "compress" with Parquet, which compresses its columns itself');
  } else if (isGzip !== (args.compress === 'gzip')) {
    report('compress', isGzip ? 'expected "gzip", because "path" ends in .gz' : 'expected a "path" that ends in .gz');
  }
}

function checkPlace(args: FileArgs, report: Report): void {
  if (args.path.startsWith('s3:')) return;
  for (const name of ['endpoint', 'path_style', 'access_key', 'secret_key', 'session_token'] as const) {
    if (args[name] !== undefined) report(name, `expected no "${name}" without a path that begins with s3://`);
  }
}
