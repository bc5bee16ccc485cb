import { z } from 'zod';
import { defineWriter } from '../src/component/writer.ts';

const TABLE = /^[a-z_][a-z0-9_]{0,62}$/;

export const postgres = defineWriter({
  type: 'postgres',
  version: 1,
  receives: 'table',
  summary: 'Publishes into a table of the schema `vocabularies` of this database, all changes in one transaction.',
  description: `The table is made on the first run. Its columns are \`id\`, \`record\` (JSON) and where the record came from and when it
changed. Readers see the state before the run or after it, never between. Records of another job, and records entered by hand, are never touched.
For another database, or a table with your own columns, use \`postgres-table\`.`,
  args: z.strictObject({
    table: z
      .string()
      .regex(
        TABLE,
        'expected a table name of lower-case letters, digits and underscores, at most 63, not beginning with a digit',
      )
      .describe('The table in the schema `vocabularies`.'),
    on_missing: z
      .enum(['keep', 'withdraw'])
      .default('keep')
      .describe(
        'What happens to a record of this job that a complete read of the source no longer holds: `withdraw` marks it with the time, `keep` leaves it as it is.',
      ),
  }),
  examples: [
    { title: 'Keep what the source no longer holds', args: { table: 'affiliations' } },
    { title: 'Withdraw what the source no longer holds', args: { table: 'affiliations', on_missing: 'withdraw' } },
  ],
  targetName: ({ table }) => `postgres:${table}`,
  onMissing: ({ on_missing }) => on_missing,
  table: ({ table }) => table,
});
