/** The rules for every writer. */
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import type { SnapshotWriter, Writer } from '../../component/writer.ts';
import { check, definitionChecks, inDirectory, withSecrets, type Check } from './check.ts';
import { noS3 } from './no-services.ts';
import { silent } from './test-context.ts';

/** What the checks of a writer need in addition to its examples. */
export interface WriterSample {
  /** For a snapshot writer: args that publish into a file below this directory. */
  snapshotArgs?(directory: string): object;
  /** The value for each `{ "$secret": … }` of the examples. Default: a text. */
  readonly secret?: string;
}

/** Returns the checks of a writer. They send no requests. With `snapshotArgs` a snapshot writer is also run. */
export function writerChecks(writer: Writer, sample: WriterSample = {}): readonly Check[] {
  const { snapshotArgs, secret = 'a-secret-of-a-test' } = sample;
  const parse = (args: unknown) => writer.args.parse(withSecrets(args, secret));
  const checks = [
    ...definitionChecks(writer, secret),
    check('names its target, the same each time, and says what happens to what is missing', () => {
      for (const { args } of writer.examples) {
        assert.match(
          writer.targetName(parse(args)),
          /^[a-z][a-z0-9-]*:\S/,
          'targetName is a kind of target, a colon and its name',
        );
        assert.equal(writer.targetName(parse(args)), writer.targetName(parse(args)));
        assert.ok(['keep', 'withdraw'].includes(writer.onMissing(parse(args))));
        if (writer.receives === 'table') assert.match(writer.table(parse(args)), /^[a-z_][a-z0-9_]{0,62}$/);
      }
    }),
    check('keeps what is missing unless the args say otherwise', () => {
      const { on_missing: _onMissing, ...args } = withSecrets(writer.examples[0]?.args, secret) as Record<
        string,
        unknown
      >;
      assert.equal(writer.onMissing(writer.args.parse(args)), 'keep');
    }),
  ];
  if (writer.receives !== 'snapshot' || snapshotArgs === undefined) return checks;
  return [...checks, ...snapshotChecks(writer, snapshotArgs)];
}

function snapshotChecks(writer: SnapshotWriter, args: (directory: string) => object): readonly Check[] {
  const { signal } = new AbortController();
  const context = { run: 'run-1', job: 'job-a', logger: silent, buckets: noS3.target, signal };
  const open = (directory: string) => writer.open(writer.args.parse(args(directory)), context);
  return [
    check('publishes at commit, the same bytes for the same records', async () => {
      const digests: string[] = [];
      for (const batches of [[[{ id: 'a' }, { id: 'b' }]], [[{ id: 'a' }], [], [{ id: 'b' }]]]) {
        await inDirectory(async (directory) => {
          const sink = await open(directory);
          for (const batch of batches) await sink.write(batch);
          const { path, records, bytes, digest } = await sink.commit();
          await sink.close();
          assert.equal(records, 2);
          assert.equal((await readFile(path)).length, bytes);
          digests.push(digest);
        });
      }
      assert.match(digests[0] ?? '', /^sha256:[0-9a-f]{64}$/);
      assert.equal(digests[1], digests[0]);
    }),
    check('leaves no trace when it is closed before commit, and may be closed twice', () =>
      inDirectory(async (directory) => {
        const sink = await open(directory);
        await sink.write([{ id: 'a' }]);
        await sink.close();
        await sink.close();
        assert.deepEqual(await readdir(directory), []);
      }),
    ),
  ];
}
