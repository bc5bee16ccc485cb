import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { catalog } from '../../src/cli/catalog.ts';
import { parseJob } from '../../src/job/parse-job.ts';
import { taskDigest } from '../../src/job/effective/task-digest.ts';

const directory = mkdtempSync(join(tmpdir(), 'task-digest-'));
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

async function digestOf(changes: Readonly<Record<string, unknown>>): Promise<string> {
  const config = {
    id: 'places',
    title: 'Places',
    readers: [{ type: 'file', args: { path: 'places.jsonl' } }, { type: 'jsonl' }],
    transformers: [],
    writers: [{ type: 'postgres', args: { table: 'places' } }],
    ...changes,
  };
  const { job, problems } = await parseJob(JSON.stringify(config), { catalog });
  const [task] = job?.tasks ?? [];
  if (task === undefined) throw new Error(problems.map((problem) => problem.message).join(' '));
  return taskDigest(task, catalog);
}

describe('the digest of a task', () => {
  it('stays when only the title or the guards change', async () => {
    expect(await digestOf({ title: 'Towns', guards: { min_records: 3 } })).toBe(await digestOf({}));
  });

  it('changes with the vocabulary, whose record schema decides what is rejected', async () => {
    expect(await digestOf({ vocabulary: 'subjects' })).not.toBe(await digestOf({ vocabulary: 'awards' }));
  });

  it('changes with the content of a look-up table, and comes back with it', async () => {
    const path = join(directory, 'countries.json');
    const transformers = [
      { type: 'map', args: { fields: { '/id': { from: '/id' }, '/country': { from: '/land', table_file: path } } } },
    ];
    writeFileSync(path, '{"Austria": "AT"}');
    const before = await digestOf({ transformers });
    writeFileSync(path, '{"Austria": "AUT"}');
    expect(await digestOf({ transformers })).not.toBe(before);
    writeFileSync(path, '{"Austria": "AT"}');
    expect(await digestOf({ transformers })).toBe(before);
  });

  it('changes with the schema file of validate', async () => {
    const path = join(directory, 'place.schema.json');
    const transformers = [{ type: 'validate', args: { schema_file: path } }];
    writeFileSync(path, '{"type": "object"}');
    const before = await digestOf({ transformers });
    writeFileSync(path, '{"type": "object", "required": ["name"]}');
    expect(await digestOf({ transformers })).not.toBe(before);
  });
});
