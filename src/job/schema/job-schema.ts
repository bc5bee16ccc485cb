/**
 * The shape of a job file. The texts are the operator's documentation: they feed `check`, config/job.schema.json and
 * docs/reference/job.md. What a component takes as `args` is its own schema; how the parts fit is checked beside it.
 */
import { z } from 'zod';
import { notifySchema } from './notify-schema.ts';
import { scheduleSchema } from '../schedule/schedule-schema.ts';
import { isSpan } from '../effective/since.ts';

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;
export const JOB_ID = /^(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*$/;

const percent = (what: string, most = 100) => z.number().min(0).max(most).optional().describe(what);

const componentSchema = z.strictObject({
  type: z.string().min(1).describe('The name of the component.'),
  args: z.record(z.string(), z.unknown()).default({}).describe('What it is told. Every component has its own.'),
});

const readersSchema = z
  .array(componentSchema)
  .min(1)
  .describe(
    'A chain: the first fetches a source, then containers are opened, the last one makes records of the bytes.',
  );

const transformersSchema = z
  .array(componentSchema)
  .default([])
  .describe('Applied to every record in this order; the first that refuses a record ends its way.');

const writersSchema = z
  .array(componentSchema)
  .min(1)
  .describe('Where the records are published; each one gets all of them.');

const vocabularySchema = z
  .string()
  .regex(KEBAB, 'expected a name of lower-case letters, digits and single hyphens, such as "affiliations"')
  .optional()
  .describe('What the records are. Records are checked against the schema of this name in config/records.');

const guardsSchema = z
  .strictObject({
    min_records: z.int().min(0).optional().describe('Fewer records than this wait for approval.'),
    max_shrink_percent: percent('A run that would withdraw or lose more of the published records waits for approval.'),
    max_growth_percent: percent(
      'A run that would add more records than this share of those that the job has published waits for approval. A first load is exempt: there is nothing to compare it with.',
      10_000,
    ),
    max_changed_percent: percent(
      'A run that would change or withdraw more of the published records waits for approval. A first load is exempt, as it changes none.',
    ),
    max_rejected_percent: percent('A run that rejects more of the records it read waits for approval.'),
    min_fill_percent: z
      .record(z.string(), z.number().min(0).max(100))
      .optional()
      .describe('Field → per cent of the records that must have it, such as {"name": 100}. Below it the run waits.'),
    allow_empty: z.boolean().default(false).describe('A source without any record is a failure unless this is true.'),
  })
  .describe('Rules that stop a suspicious run before it publishes. What is left out is not checked.');

const taskSchema = z.strictObject({
  needs: z.array(z.string()).default([]).describe('Tasks of this job that must have ended well before.'),
  vocabulary: vocabularySchema,
  readers: readersSchema,
  transformers: transformersSchema,
  writers: writersSchema,
  guards: guardsSchema.optional(),
});

const tasksSchema = z
  .record(z.string().regex(JOB_ID, 'expected task names of lower-case letters, digits and single hyphens'), taskSchema)
  .refine((tasks) => Object.keys(tasks).length > 0, 'expected at least one task')
  .optional()
  .describe(
    'Several pipelines by name, in place of the three lists. `vocabulary` and `guards` of the job are their defaults.',
  );

const matrixSchema = z
  .record(
    z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'expected argument names of lower-case letters, digits and underscores'),
    z.array(z.union([z.string(), z.number(), z.boolean()])).min(1),
  )
  .optional()
  .describe('Argument → values: every task runs once for each combination, and {"$arg": "NAME"} reads the value.');

export const jobSchema = z
  .strictObject({
    $schema: z.string().optional().describe('Where an editor finds the schema of this file.'),
    id: z
      .string()
      .regex(JOB_ID, 'expected 1 to 64 lower-case letters, digits and single hyphens, such as "ror-affiliations"')
      .describe('The name of the job, in commands, in Temporal and in the database. Never changed once it has run.'),
    title: z.string().min(1).max(250).describe('For people, in lists and in the Web UI.'),
    description: z.string().optional().describe('What the job is for, for people.'),
    active: z.boolean().default(true).describe('An inactive job never starts by its schedule; by hand it does.'),
    queue: z.string().min(1).max(200).default('vocab-sync').describe('The Temporal task queue its workers listen to.'),
    schedule: scheduleSchema,
    arguments: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('A JSON Schema (an object) of the arguments that a run may be given; {"$arg": "NAME"} reads one.'),
    args: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Values of the declared arguments, for runs that are not told otherwise.'),
    vocabulary: vocabularySchema,
    readers: readersSchema.optional(),
    transformers: transformersSchema.optional(),
    writers: writersSchema.optional(),
    tasks: tasksSchema,
    matrix: matrixSchema,
    guards: guardsSchema.optional(),
    approval_days: z
      .int()
      .min(1)
      .max(365)
      .default(14)
      .describe('Days that a plan, or a run stopped by a guard, waits for approval before it is discarded.'),
    reminder_days: z
      .int()
      .min(1)
      .max(365)
      .default(1)
      .describe('Days between two notices `waiting_reminder` while it waits for approval.'),
    accept_partial: z
      .boolean()
      .default(false)
      .describe('A run with rejected records moves the watermark too: the next one starts from it all the same.'),
    since_overlap: z
      .union([z.string(), z.record(z.string(), z.number())])
      .refine(isSpan, 'expected a span such as "P2D", "2 days" or {"days": 2}')
      .optional()
      .describe(
        'A span such as "P2D": runs begin this much before the watermark, for sources that publish late or keep another clock. What was read before is found unchanged.',
      ),
    pause_after_failures: z
      .int()
      .min(1)
      .max(1000)
      .optional()
      .describe(
        'After this many failures in a row the schedule is paused, with a note that says why and how to resume it. Counted are runs that the schedule started; a run that ends well, by hand too, and a resume begin anew. Left out: it is never paused.',
      ),
    notify: notifySchema,
    batch_size: z.int().min(1).optional().describe('Accepted from InvenioRDM, without effect.'),
    write_many: z.boolean().optional().describe('Accepted from InvenioRDM, without effect.'),
    run_subtasks: z.boolean().optional().describe('Accepted from InvenioRDM, without effect.'),
  })
  .describe('A job of vocab-sync: what is read, how it is mapped, where it is published, when, and what stops it.');

/** A job file that fits, defaults filled in. */
export type JobFile = z.infer<typeof jobSchema>;
