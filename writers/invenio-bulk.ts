import { randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { countReferencesIn } from './invenio-rdm/count-references.ts';
import { defineWriter } from '../src/component/writer.ts';
import { onFile } from './file/to-file-error.ts';
import { createLoad } from './invenio-bulk/load-in-bulk.ts';
import {
  countResolvedIn,
  invenioFields,
  preflightInvenio,
  targetNameOf,
  toSinkArgs,
} from './invenio-rdm/invenio-args.ts';
import { requireStatus } from './invenio-rdm/open-client.ts';
import { openSink } from './invenio-rdm/open-sink.ts';

const absolute = z.string().refine(isAbsolute, 'expected an absolute path');

const fields = z.strictObject({
  ...invenioFields.shape,
  vocabulary: z
    .enum(['affiliations', 'funders', 'names', 'awards', 'subjects'])
    .describe('The vocabulary. Generic ones have no bulk job: use `invenio-rdm` for them.'),
  directory: absolute.describe(
    "A directory that this worker can write and InvenioRDM's Celery worker can read, such as a shared volume. A file is removed after its job.",
  ),
  origin: absolute
    .optional()
    .describe("The same directory as InvenioRDM's Celery worker sees it. Without it: the path in `directory`."),
  batch_size: z
    .int()
    .min(1)
    .max(1000)
    .default(100)
    .describe(
      'How many records InvenioRDM stores in one transaction. If it cannot store one of them, it loses all of them, and they are sent individually.',
    ),
  records_per_job: z
    .int()
    .min(100)
    .max(50_000)
    .default(10_000)
    .describe('How many records one job loads. After a worker is killed, this many records have to be looked up.'),
  least_records: z
    .int()
    .min(1)
    .default(500)
    .describe('If there are fewer new records, they are sent individually, as by `invenio-rdm`.'),
  patience_seconds: z
    .number()
    .min(0)
    .max(3600)
    .default(20)
    .describe(
      'After a job, how long InvenioRDM may list no further record before the missing ones are sent individually. It indexes every ten seconds.',
    ),
  task: z
    .string()
    .min(1)
    .default('process_ror_affiliations')
    .describe(
      'A task that InvenioRDM knows. Its jobs API starts only known tasks. The configuration that the writer passes replaces what this task would do.',
    ),
  queue: z.string().min(1).default('celery').describe("The queue of InvenioRDM's Celery worker."),
});

type BulkArgs = z.infer<typeof fields>;

export const invenioBulk = defineWriter<BulkArgs>({
  type: 'invenio-bulk',
  version: 1,
  receives: 'changes',
  summary:
    'Loads many new records into an InvenioRDM by its own bulk job, reads them back, and sends the rest individually.',
  description: `For first loads: InvenioRDM's limit of requests does not apply to its own job. New records are written to a file, and a job of
InvenioRDM loads it. What InvenioRDM holds afterwards is read back and compared, because it reports success for records that it did not
store. Missing records, and changes of records that InvenioRDM already holds, are sent as by [invenio-rdm](#invenio-rdm). Both writers share
one target, so a job can change to \`invenio-rdm\` after the first load. Needs the jobs API (InvenioRDM 13 and later) and a token of a superuser.`,
  args: fields,
  examples: [
    {
      title: 'Affiliations, through a volume that InvenioRDM mounts as /mnt/vocab-sync',
      args: {
        url: 'https://rdm.example.org/api',
        vocabulary: 'affiliations',
        token: { $secret: 'env:INVENIO_TOKEN' },
        directory: '/srv/vocab-sync/bulk',
        origin: '/mnt/vocab-sync',
      },
    },
  ],
  targetName: targetNameOf,
  onMissing: ({ on_missing }) => on_missing,
  onConflict: ({ on_conflict }) => on_conflict,
  countResolved: countResolvedIn,
  countReferences: countReferencesIn,
  limits: ({ records_per_job: batch, requests_per_second: requestsPerSecond }) => ({
    ...{ batch, batchBytes: 64 * 1024 * 1024, concurrency: 1, requestsPerSecond },
  }),
  async preflight(args, context) {
    const client = await preflightInvenio(args, context);
    requireStatus(await client.ask('GET', 'jobs?size=1'), [200], 'the jobs API of InvenioRDM 13 or later');
    const path = join(args.directory, `vocab-sync-${randomUUID()}.part`);
    await onFile(path, async () => {
      await (await open(path, 'wx')).close();
      await rm(path, { force: true });
    });
  },
  open(args, context) {
    const { directory, origin, batch_size: batchSize, least_records: leastRecords, task, queue } = args;
    const patienceMs = args.patience_seconds * 1000;
    const load = createLoad({ directory, origin, batchSize, leastRecords, task, queue, patienceMs }, context);
    return openSink(toSinkArgs(args), context, { load, lanes: args.concurrency });
  },
});
