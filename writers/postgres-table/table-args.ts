/** The args of the writer `postgres-table`. */
import { z } from 'zod';

const MOST_NAME_BYTES = 63;
/** PostgreSQL passes at most 100 arguments to a function, and one call takes all columns of a row. */
const MOST_COLUMNS = 90;

const name = z
  .string()
  .min(1)
  .refine(
    (text) => Buffer.byteLength(text) <= MOST_NAME_BYTES && !text.includes('\0'),
    'expected a name of at most 63 bytes',
  );

const fields = z.strictObject({
  url: z
    .string()
    .min(1)
    .meta({ writeOnly: true })
    .describe(
      'The other database, by reference: `{"$secret": "env:PORTAL_DATABASE_URL"}` with `postgresql://user:password@host:5432/database`. TLS is set in it as in `DATABASE_URL`: `?sslmode=verify-full&sslrootcert=/etc/ca.pem`.',
    ),
  database: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'expected a short name in lower case, such as portal')
    .describe(
      'A name for the other database, such as `portal`. Reports show it, because `url` is a secret. It names the target, so keep it when the server moves.',
    ),
  schema: name
    .refine(
      (text) => !/^(pg_.*|information_schema|vocab_sync)$/.test(text),
      'expected a schema for your own tables, not one of PostgreSQL or vocab-sync',
    )
    .default('public')
    .describe('The schema of the table. It must exist.'),
  table: name.describe('The table.'),
  create: z
    .boolean()
    .default(false)
    .describe(
      'Whether a missing table is created. Otherwise the run ends, and its error prints the statement that creates the table.',
    ),
  columns: z
    .record(name, z.string().regex(/^(\/.*)?$/, 'expected a JSON pointer such as /title/en, or the empty text'))
    .optional()
    .describe(
      'The columns that are written, with JSON pointers into the record. The empty pointer is the whole record. One column has the pointer `/id`. A value becomes the type of its column: a text, number, boolean or date, a list in an array column, and any value in `jsonb`. Default: `{"id": "/id", "record": ""}`.',
    ),
  types: z
    .record(
      name,
      z
        .string()
        .regex(
          /^[A-Za-z_"][\w". ]*(\(\s*\d+\s*(,\s*-?\d+\s*)?\))?(\[\])?$/,
          'expected a type of PostgreSQL, such as text, text[] or numeric(12, 2)',
        ),
    )
    .default({})
    .describe(
      'Types of columns, such as `{"founded": "date", "aliases": "text[]"}`. A created table gets them (default: `text`, and `jsonb` for the whole record). In an existing table they are compared with the columns before the run.',
    ),
  fixed: z
    .record(name, z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe(
      'Columns with the same value in every row, such as `{"scheme": "ror"}`. If the key of the table contains them, several vocabularies can share it.',
    ),
  on_missing: z
    .enum(['keep', 'withdraw', 'delete'])
    .default('keep')
    .describe(
      'What happens to a record that a complete read of the source no longer holds: `keep` leaves its row, `withdraw` sets `withdrawn_column`, `delete` deletes the row.',
    ),
  withdrawn_column: name
    .optional()
    .describe(
      'A column that marks withdrawn rows: a timestamp or date gets the time, a boolean gets `true`. `on_missing: withdraw` needs it. Default without `columns`: `withdrawn_at`.',
    ),
  changed_column: name
    .optional()
    .describe('A timestamp or date column that gets the time of each change. Default without `columns`: `changed_at`.'),
  on_conflict: z
    .enum(['keep', 'overwrite'])
    .default('keep')
    .describe(
      'What happens to a row that another client inserted, or changed since it was published: `keep` leaves and reports it, `overwrite` publishes over it.',
    ),
  batch: z.int().min(1).max(500).default(250).describe('The most changes in one transaction.'),
  concurrency: z.int().min(1).max(16).default(2).describe('How many transactions are in progress together.'),
  timeout_seconds: z
    .int()
    .min(1)
    .max(600)
    .default(60)
    .describe(
      'The longest time that one statement may take, including the wait for rows that other clients have locked.',
    ),
});

export const tableArgs = fields.superRefine((args, context) => {
  const issue = (path: string, message: string): void => {
    context.addIssue({ code: 'custom', path: [path], message });
  };
  const { columns, types, fixed, withdrawn, changed } = namesOf(args);
  if (Object.values(columns).filter((pointer) => pointer === '/id').length !== 1) {
    issue('columns', 'expected exactly one column with the pointer "/id"');
  }
  const names = [...Object.keys(columns), ...Object.keys(fixed), withdrawn, changed].filter((one) => one !== undefined);
  const twice = names.find((one, index) => names.indexOf(one) !== index);
  if (twice !== undefined) issue('columns', `expected each column once, found "${twice}" twice`);
  if (names.length > MOST_COLUMNS) issue('columns', `expected at most ${String(MOST_COLUMNS)} columns`);
  const stray = Object.keys(types).find((one) => !names.includes(one));
  if (stray !== undefined) issue('types', `expected columns of this writer, found "${stray}"`);
  if (args.on_missing === 'withdraw' && withdrawn === undefined) {
    issue('withdrawn_column', 'expected the column that marks withdrawn rows, because "on_missing" is "withdraw"');
  }
});

export type TableArgs = z.infer<typeof fields>;

export interface TableNames {
  readonly columns: Readonly<Record<string, string>>;
  readonly types: Readonly<Record<string, string>>;
  readonly fixed: Readonly<Record<string, string | number | boolean>>;
  readonly withdrawn: string | undefined;
  readonly changed: string | undefined;
}

/** Returns the columns with their defaults. */
export function namesOf(args: Omit<TableArgs, 'url'>): TableNames {
  const { columns, types, fixed, withdrawn_column: withdrawn, changed_column: changed } = args;
  if (columns !== undefined) return { columns, types, fixed, withdrawn, changed };
  return {
    columns: { id: '/id', record: '' },
    ...{ types, fixed },
    withdrawn: withdrawn ?? 'withdrawn_at',
    changed: changed ?? 'changed_at',
  };
}
