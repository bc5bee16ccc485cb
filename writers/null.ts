import { z } from 'zod';
import { defineWriter } from '../src/component/writer.ts';

export const nothing = defineWriter({
  type: 'null',
  version: 1,
  receives: 'changes',
  summary: 'Accepts every change and sends it nowhere, for benchmarks and rehearsals.',
  description: `The database of vocab-sync keeps the published records as for any other target, so plans, counts, guards and history are real. A job can be
rehearsed for weeks before it gets its real target.`,
  args: z.strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'expected a short name in lower case, such as rehearsal')
      .describe('The name of the target in reports, such as `rehearsal`. Equal names are one target.'),
    on_missing: z
      .enum(['keep', 'withdraw'])
      .default('keep')
      .describe('What happens to a record that a complete read of the source no longer holds.'),
  }),
  examples: [{ title: 'A rehearsal', args: { name: 'rehearsal', on_missing: 'withdraw' } }],
  targetName: ({ name }) => `null:${name}`,
  onMissing: ({ on_missing: onMissing }) => onMissing,
  onConflict: () => 'keep',
  limits: () => ({ batch: 500, batchBytes: 16 * 1024 * 1024, concurrency: 1 }),
  open: () =>
    Promise.resolve({
      write: (changes) => Promise.resolve(changes.map(({ id }) => ({ id, result: 'done' }))),
      close: () => Promise.resolve(),
    }),
});
