import { defineWriter } from '../src/component/writer.ts';
import { checkTable, openTableSink } from './postgres-table/open-table-sink.ts';
import { tableArgs, type TableArgs } from './postgres-table/table-args.ts';

const BATCH_BYTES = 8 * 1024 * 1024;

export const postgresTable = defineWriter<TableArgs>({
  type: 'postgres-table',
  version: 1,
  receives: 'changes',
  summary: 'Publishes into a table of another PostgreSQL database: whole records, or your own columns.',
  description: `Needs PostgreSQL 12 or later. A batch of changes is one transaction. A row that PostgreSQL refuses, because of its type, a constraint or
a trigger, is rejected with PostgreSQL's message, and the others are written. A row that another client changed since it was published is recognised by its
columns, and only overwritten if \`on_conflict\` is \`overwrite\`. Other columns of the table are never read or written. The writer \`postgres\` is faster and publishes in one transaction, but only into
the database of vocab-sync.`,
  args: tableArgs,
  examples: [
    {
      title: 'Whole records in a table that is created',
      args: {
        url: { $secret: 'env:PORTAL_DATABASE_URL' },
        database: 'portal',
        table: 'affiliations',
        create: true,
        on_missing: 'withdraw',
      },
    },
    {
      title: 'Columns of an existing table',
      args: {
        url: { $secret: 'env:PORTAL_DATABASE_URL' },
        database: 'portal',
        schema: 'catalogue',
        table: 'organisations',
        columns: { ror_id: '/id', name: '/name', acronym: '/acronym', title: '/title', types: '/types' },
        types: { title: 'jsonb', types: 'text[]' },
        fixed: { origin: 'ror' },
        on_missing: 'withdraw',
        withdrawn_column: 'is_closed',
      },
    },
  ],
  targetName: ({ database, schema, table }) => `postgres-table:${database}/${schema}.${table}`,
  onMissing: ({ on_missing: onMissing }) => (onMissing === 'keep' ? 'keep' : 'withdraw'),
  onConflict: ({ on_conflict: onConflict }) => onConflict,
  limits: ({ batch, concurrency }) => ({ batch, batchBytes: BATCH_BYTES, concurrency }),
  preflight: (args, { signal }) => checkTable(args, signal),
  open: openTableSink,
});
