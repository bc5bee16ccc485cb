/** What every registered writer keeps to, wherever it publishes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { replaceReferences } from '../../src/job/effective/references.ts';
import { writers } from '../../writers/index.ts';
import type { SnapshotWriter } from '../../src/component/writer.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Args that publish into a directory, for each snapshot writer. A new one without them fails here. */
const snapshotArgs: Readonly<Record<string, (directory: string) => object>> = {
  file: (directory) => ({ path: join(directory, 'out.jsonl') }),
};

/** As the engine fills in what an example refers to. */
function withSecrets(args: unknown): Record<string, unknown> {
  return replaceReferences(args, '$secret', () => 'a-secret-of-a-test') as Record<string, unknown>;
}

it('registers each type once', () => {
  const types = writers.map(({ type }) => type);
  expect(types).toEqual([...new Set(types)]);
});

describe.each(writers.map((writer) => [writer.type, writer] as const))('writer %s', (type, writer) => {
  it('has a complete spec', () => {
    expect(type).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
    expect(writer.version).toBeGreaterThanOrEqual(1);
    expect(writer.summary).toMatch(/^[A-Z].*\.$/);
    expect(writer.description ?? '').toMatch(/\.$/);
    expect(writer.examples.length).toBeGreaterThan(0);
  });

  it.each(writer.examples.map((example) => [example.title, example.args] as const))(
    'names its target and what happens to what is missing: %s',
    (_title, example) => {
      const args = writer.args.parse(withSecrets(example));
      expect(writer.targetName(args)).toMatch(new RegExp(`^${type}:\\S`));
      expect(writer.targetName(args)).toBe(writer.targetName(writer.args.parse(withSecrets(example))));
      expect(['keep', 'withdraw']).toContain(writer.onMissing(args));
      if (writer.receives === 'table') expect(writer.table(args)).toMatch(/^[a-z_][a-z0-9_]{0,62}$/);
    },
  );

  it('keeps what is missing unless it is told otherwise', () => {
    const [example] = writer.examples;
    const { on_missing: _onMissing, ...args } = withSecrets(example?.args);
    expect(writer.onMissing(writer.args.parse(args))).toBe('keep');
  });

  it('refuses an argument that it does not know', () => {
    const args = { ...withSecrets(writer.examples[0]?.args), no_such_argument: 1 };
    expect(writer.args.safeParse(args).error?.issues).toMatchObject([{ code: 'unrecognized_keys' }]);
  });

  it('describes its arguments for editors, each with a sentence', () => {
    const schema = z.toJSONSchema(writer.args, { io: 'input' }) as {
      additionalProperties?: unknown;
      properties?: Record<string, { description?: string }>;
    };
    expect(schema.additionalProperties).toBe(false);
    for (const property of Object.values(schema.properties ?? {})) expect(property.description ?? '').toMatch(/\.$/);
  });
});

const snapshotWriters = writers.filter((writer): writer is SnapshotWriter => writer.receives === 'snapshot');

describe.each(snapshotWriters.map((writer) => [writer.type, writer] as const))('snapshot writer %s', (type, writer) => {
  function open(directory: string) {
    const args = snapshotArgs[type]?.(directory);
    if (args === undefined) throw new Error(`test/contract/writers.test.ts has no args for the writer ${type}`);
    return writer.open(writer.args.parse(args), { run: 'run-1', job: 'job-a', logger: silentLogger() });
  }

  it('publishes at commit, the same bytes for the same records', async () => {
    const digests: string[] = [];
    for (const batches of [[[{ id: 'a' }, { id: 'b' }]], [[{ id: 'a' }], [], [{ id: 'b' }]]]) {
      const sink = await open(tempDir());
      for (const batch of batches) await sink.write(batch);
      const { path, records, bytes, digest } = await sink.commit();
      await sink.close();
      expect(records).toBe(2);
      expect(readFileSync(path).length).toBe(bytes);
      digests.push(digest);
    }
    expect(digests[0]).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(digests[1]).toBe(digests[0]);
  });

  it('leaves no trace when it is closed before commit, and may be closed twice', async () => {
    const directory = tempDir();
    const sink = await open(directory);
    await sink.write([{ id: 'a' }]);
    await sink.close();
    await sink.close();
    expect(readdirSync(directory)).toEqual([]);
  });
});
