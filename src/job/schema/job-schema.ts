/**
 * The schema of a job file. Its descriptions are the operator's documentation: `check`, config/job.schema.json and
 * docs/reference/job.md use them. The `args` of a component have their own schema. How the parts fit together is
 * checked separately.
 */
import { z } from 'zod';
import { notifySchema } from './notify-schema.ts';
import { scheduleSchema } from '../schedule/schedule-schema.ts';
import { OWNED_PLACE } from '../../records/layers.ts';
import { isSpan } from '../effective/since.ts';

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;
export const JOB_ID = /^(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*$/;

const percent = (what: string, most = 100) => z.number().min(0).max(most).optional().describe(what);

const componentSchema = z.strictObject({
  type: z.string().min(1).describe('The name of the component.'),
  args: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('The arguments of the component. Every component has its own.'),
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

export const layerSchema = z
  .strictObject({
    name: z
      .string()
      .regex(KEBAB, 'expected a name of lower-case letters, digits and single hyphens, such as "pic"')
      .max(64)
      .describe('The name of the layer, in reports and for `history`.'),
    owns: z
      .array(
        z
          .string()
          .regex(OWNED_PLACE, 'expected a place such as "/subjects", "/title/de" or "/identifiers[scheme=pic]"')
          .refine(
            (place) => !/^\/id(\/|\[|$)/.test(place),
            'expected a place other than the id, which belongs to the record',
          ),
      )
      .min(1)
      .describe(
        'The places in a record that this job owns: JSON pointers, or pointers to a list with a condition for its items, such as "/identifiers[scheme=pic]".',
      ),
  })
  .describe(
    'This job owns parts of records that another job publishes there. In all records that this job knows, the parts that it owns come from it alone. Everything else is left to the other job.',
  );

const writerSchema = componentSchema.extend({ layer: layerSchema.optional() });

const writersSchema = z
  .array(writerSchema)
  .min(1)
  .describe('The writers, which publish the records. Each gets all records.');

const vocabularySchema = z
  .string()
  .regex(KEBAB, 'expected a name of lower-case letters, digits and single hyphens, such as "affiliations"')
  .optional()
  .describe('The kind of the records. Records are validated with the schema of this name in config/records.');

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
    max_impact: z
      .int()
      .min(0)
      .optional()
      .describe(
        'A run waits for approval if more records of the repository than this refer to records that it withdraws, renames or finds no longer in use, or if that cannot be determined. Needs a writer that can count references, such as `invenio-rdm`.',
      ),
    allow_empty: z.boolean().default(false).describe('A source without any record is a failure unless this is true.'),
  })
  .describe('Rules that stop a suspicious run before it publishes. A rule that is not set is not checked.');

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
    'Several pipelines by name, instead of the three lists. `vocabulary` and `guards` of the job are their defaults.',
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
    $schema: z.string().optional().describe('The path of the schema of this file, for editors.'),
    id: z
      .string()
      .regex(JOB_ID, 'expected 1 to 64 lower-case letters, digits and single hyphens, such as "ror-affiliations"')
      .describe('The name of the job, in commands, in Temporal and in the database. Never changed once it has run.'),
    title: z.string().min(1).max(250).describe('For people, in lists and in the Web UI.'),
    description: z.string().optional().describe('The purpose of the job, for readers.'),
    active: z.boolean().default(true).describe('An inactive job never starts by its schedule; by hand it does.'),
    queue: z.string().min(1).max(200).default('vocab-sync').describe('The Temporal task queue its workers listen to.'),
    schedule: scheduleSchema,
    arguments: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('A JSON Schema (an object) of the arguments that a run may be given; {"$arg": "NAME"} reads one.'),
    args: z.record(z.string(), z.unknown()).optional().describe('Default values of the declared arguments.'),
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
    impact: z
      .strictObject({
        most_records: z
          .int()
          .min(1)
          .max(5000)
          .default(200)
          .describe('The maximum number of changed records that a run looks up in a target, withdrawn ones first.'),
      })
      .optional()
      .describe(
        'Counts before each publication how many records of the repository refer to records that the run withdraws, renames or finds no longer in use. `{}` uses the default.',
      ),
    accept_partial: z
      .boolean()
      .default(false)
      .describe('A run with rejected records moves the watermark too: the next one starts from it all the same.'),
    since_overlap: z
      .union([z.string(), z.record(z.string(), z.number())])
      .refine(isSpan, 'expected a span such as "P2D", "2 days" or {"days": 2}')
      .optional()
      .describe(
        'A duration such as "P2D": runs begin this long before the watermark, for sources that publish late or whose clock differs. Records that were read before are found unchanged.',
      ),
    pause_after_failures: z
      .int()
      .min(1)
      .max(1000)
      .optional()
      .describe(
        'After this many consecutive failures the schedule is paused, with a note that gives the reason and how to resume it. Only scheduled runs count. A successful run, even a manual one, and a resume reset the count. By default the schedule is never paused.',
      ),
    notify: notifySchema,
    batch_size: z.int().min(1).optional().describe('Accepted from InvenioRDM, without effect.'),
    write_many: z.boolean().optional().describe('Accepted from InvenioRDM, without effect.'),
    run_subtasks: z.boolean().optional().describe('Accepted from InvenioRDM, without effect.'),
  })
  .describe('A job of vocab-sync: its sources, mapping, targets, schedule and guards.');

/** A job file that fits, defaults filled in. */
export type JobFile = z.infer<typeof jobSchema>;
