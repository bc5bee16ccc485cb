import { z } from 'zod';
import { defineWriter } from '../src/component/writer.ts';
import { requireAllowedFile } from '../src/allowed-folders.ts';
import { openLineSink } from './stdout/open-line-sink.ts';

const args = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'expected a short name in lower case, such as index-feed')
    .describe('The name of the target in reports, such as `index-feed`. Equal names are one target.'),
  path: z
    .string()
    .regex(/^[^\0]*[^\0/\\]$/, 'expected the path of a named pipe or a file, not of a directory')
    .optional()
    .describe(
      'A named pipe or an existing file that lines are added to, on the machine of the worker. Without it the lines go to the standard output of the worker, between the lines of its log.',
    ),
  before: z
    .boolean()
    .default(false)
    .describe('Whether a line also holds the record as it was last published, as `before`.'),
  on_missing: z
    .enum(['keep', 'withdraw'])
    .default('keep')
    .describe(
      'What happens to a record that a complete read of the source no longer holds: `withdraw` writes a line with `"kind": "withdraw"`, `keep` writes nothing.',
    ),
});

export const stdout = defineWriter<z.infer<typeof args>>({
  type: 'stdout',
  version: 1,
  receives: 'changes',
  summary: 'Writes each change as a line of JSON to a named pipe, a file or the standard output of the worker.',
  description: `For programs of your own. Each line is \`{"type": "vocab-sync.change", "key", "run", "job", "target", "id", "kind", "record"}\`. A change counts as published once its
line is written. After a crash a line can be written a second time, with the same \`key\`. If a named pipe has no reader, or its reader stops, the run waits. In the standard output, lines
of the log have no \`type\`: \`vocab-sync worker | jq -c 'select(.type == "vocab-sync.change")'\`. Use \`path\` if a job must not depend on which of several workers runs it.`,
  args,
  examples: [
    { title: 'A named pipe', args: { name: 'index-feed', path: '/run/vocab-sync/changes', on_missing: 'withdraw' } },
    { title: 'The standard output of the worker', args: { name: 'log' } },
  ],
  targetName: ({ name }) => `stdout:${name}`,
  onMissing: ({ on_missing: onMissing }) => onMissing,
  onConflict: () => 'keep',
  limits: () => ({ batch: 500, batchBytes: 4 * 1024 * 1024, concurrency: 1 }),
  preflight: ({ path }) => {
    if (path !== undefined) requireAllowedFile(path);
    return Promise.resolve();
  },
  open: (given, context) => openLineSink(given, context),
});
