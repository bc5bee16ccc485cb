/**
 * The job as it is stored with a run: schema 1. Keys that a newer release adds are left alone. A change that this schema
 * would refuse needs a new version, and a migration from this one in src/postgres/ledger/json-columns.ts.
 */
import { z } from 'zod';

const component = z.looseObject({
  type: z.string(),
  args: z.record(z.string(), z.unknown()),
  layer: z.looseObject({ name: z.string(), owns: z.array(z.string()) }).optional(),
});

const guards = z.looseObject({
  min_records: z.number().optional(),
  max_shrink_percent: z.number().optional(),
  max_growth_percent: z.number().optional(),
  max_changed_percent: z.number().optional(),
  max_rejected_percent: z.number().optional(),
  min_fill_percent: z.record(z.string(), z.number()).optional(),
  max_impact: z.number().optional(),
  allow_empty: z.boolean().optional(),
});

const task = z.looseObject({
  name: z.string(),
  needs: z.array(z.string()),
  vocabulary: z.string().optional(),
  readers: z.array(component),
  transformers: z.array(component),
  writers: z.array(component),
  guards,
});

const channel = z.discriminatedUnion('type', [
  z.looseObject({ type: z.enum(['webhook', 'chat']), on: z.array(z.string()), url: z.looseObject({}) }),
  z.looseObject({ type: z.literal('email'), on: z.array(z.string()), to: z.array(z.string()) }),
]);

export function frozenJobSchema(): z.ZodType {
  return z.looseObject({
    id: z.string(),
    title: z.string(),
    description: z.string().optional(),
    active: z.boolean(),
    queue: z.string(),
    schedule: z.looseObject({ type: z.enum(['interval', 'crontab']) }).optional(),
    tasks: z.array(task),
    approval_days: z.number(),
    reminder_days: z.number(),
    impact: z.looseObject({ most_records: z.number() }).optional(),
    accept_partial: z.boolean(),
    since_overlap: z.union([z.string(), z.record(z.string(), z.number())]).optional(),
    pause_after_failures: z.number().optional(),
    notify: z.array(channel),
  });
}
