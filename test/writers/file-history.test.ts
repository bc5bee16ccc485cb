/** Versions and the feed of the file writer: nothing is lost or repeated, wherever a publication is cut off. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Document } from '../../src/records/document.ts';
import { fileFields } from '../../writers/file/file-args.ts';
import { inspectFile } from '../../writers/file/inspect-file.ts';
import { openFileSink } from '../../writers/file/open-file-sink.ts';
import { openStore } from '../../writers/file/open-store.ts';
import type { FilePlace } from '../../writers/file/store.ts';
import { noS3 } from '../support/no-services.ts';
import { errorOf } from '../support/read-resource.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { tempDir } from '../support/temp-dir.ts';

const { signal } = new AbortController();

interface Publication {
  readonly args: Record<string, unknown>;
  readonly run: string;
  readonly documents: readonly Document[];
  readonly job?: string;
  /** The visible steps that are done before the process is gone. */
  readonly steps?: number;
}

function placeOf(given: Record<string, unknown>) {
  const args = fileFields.parse(given);
  return { args, place: openStore(args, { buckets: noS3.target, signal }) };
}

/** Publishes. With `steps` it stops after so many of them, cleans nothing up, and returns false. */
async function publish({ args: given, run, documents, job = 'job-a', steps }: Publication): Promise<boolean> {
  const { args, place } = placeOf(given);
  const target = { args, run, job, logger: silentLogger(), place: steps === undefined ? place : mortal(place, steps) };
  try {
    const sink = await openFileSink(target);
    for (const document of documents) await sink.write([document]);
    await sink.commit();
    await sink.close();
    return true;
  } catch (error) {
    if (error instanceof Killed) return false;
    throw error;
  }
}

class Killed extends Error {}

function mortal(place: FilePlace, steps: number): FilePlace {
  let left = steps;
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    if (left-- <= 0) throw new Killed();
    return work();
  };
  const { store } = place;
  return {
    ...place,
    store: {
      ...store,
      put: (name, text) => step(() => store.put(name, text)),
      remove: (name) => step(() => store.remove(name)),
      async open(name) {
        const output = await store.open(name);
        const show = () => step(() => output.show());
        return { ...output, show, discard: () => Promise.resolve() };
      },
    },
  };
}

interface Entry {
  readonly sequence?: number;
  readonly full?: boolean;
  readonly change?: string;
  readonly id: string;
  readonly record?: Document;
}

function entriesOf(path: string): readonly (readonly Entry[])[] {
  const names = readdirSync(`${path}.changes`).filter((name) => name.endsWith('.jsonl'));
  return names.sort().map((name) =>
    readFileSync(join(`${path}.changes`, name), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Entry),
  );
}

/** What a consumer holds that follows the feed. A change that says nothing new fails. */
function follow(path: string): readonly Document[] {
  const held = new Map<string, Document>();
  for (const [i, [header, ...changes]] of entriesOf(path).entries()) {
    expect(header?.sequence).toBe(i + 1);
    if (header?.full === true) held.clear();
    for (const { change, id, record } of changes) {
      expect([change, held.has(id)]).toEqual([change, change !== 'inserted']);
      if (record === undefined) {
        held.delete(id);
        continue;
      }
      expect(record).not.toEqual(held.get(id));
      held.set(id, record);
    }
  }
  return [...held.values()].sort((a, b) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
}

const linesOf = (documents: readonly Document[]) => documents.map((one) => `${JSON.stringify(one)}\n`).join('');

const first: readonly Document[] = [
  { id: 'a', n: 1 },
  { id: 'b', n: 1 },
  { id: '\uffee', n: 1 },
  { id: '\u{1f600}', n: 1 },
];
const second: readonly Document[] = [
  { id: 'a', n: 1 },
  { id: 'b', n: 2 },
  { id: 'c', text: 'line\u2028break' },
  { id: '\u{1f600}', n: 1 },
];
const third: readonly Document[] = [{ id: 'b', n: 2 }];

describe('the feed', () => {
  it('holds what each publication changed, and nothing for one that changed nothing', async () => {
    const path = join(tempDir(), 'out.jsonl');
    const args = { path, feed: true };
    for (const [run, documents] of [
      ['r1', first],
      ['r2', second],
      ['r3', second],
      ['r4', []],
    ] as const) {
      await publish({ args, run, documents });
      expect(follow(path)).toEqual(documents);
    }
    const entries = entriesOf(path).map(([header, ...changes]) => [
      header,
      ...changes.map(({ change, id }) => [change, id]),
    ]);
    expect(entries).toEqual([
      [
        { made_by: 'vocab-sync', job: 'job-a', run: 'r1', sequence: 1, full: true },
        ...first.map(({ id }) => ['inserted', id]),
      ],
      [
        { made_by: 'vocab-sync', job: 'job-a', run: 'r2', sequence: 2 },
        ['updated', 'b'],
        ['inserted', 'c'],
        ['withdrawn', '\uffee'],
      ],
      [{ made_by: 'vocab-sync', job: 'job-a', run: 'r4', sequence: 3 }, ...second.map(({ id }) => ['withdrawn', id])],
    ]);
    expect(JSON.parse(readFileSync(`${path}.manifest.json`, 'utf8'))).toMatchObject({ changes: 3 });
  });

  it.each([['the same run', 'r2', second] as const, ['another run', 'r3', third] as const])(
    'neither misses nor repeats a change when a publication ends anywhere and %s goes on',
    async (_who, run, documents) => {
      for (const keep of [undefined, 2]) {
        let isWhole = false;
        for (let steps = 0; !isWhole; steps++) {
          const path = join(tempDir(), 'out.jsonl');
          const args = { path, feed: true, ...(keep === undefined ? {} : { keep }) };
          await publish({ args, run: 'r1', documents: first });
          isWhole = await publish({ args, run: 'r2', documents: second, steps });
          // Whole, old or new: a reader never sees a part.
          expect([linesOf(first), linesOf(second)]).toContain(readFileSync(path, 'utf8'));
          await publish({ args, run, documents });
          expect(readFileSync(path, 'utf8')).toBe(linesOf(documents));
          expect(follow(path)).toEqual(documents);
          expect(readdirSync(`${path}.changes`).filter((name) => name.endsWith('.part'))).toEqual([]);
        }
      }
    },
  );

  it('is completed after the very first publication was cut off', async () => {
    for (let steps = 0; steps < 5; steps++) {
      const path = join(tempDir(), 'out.jsonl');
      await publish({ args: { path, feed: true }, run: 'r1', documents: first, steps });
      await publish({ args: { path, feed: true }, run: 'r2', documents: second });
      expect(follow(path)).toEqual(second);
    }
  });

  it('begins again with everything where its state was deleted, under the next number', async () => {
    const path = join(tempDir(), 'out.jsonl');
    const args = { path, feed: true };
    await publish({ args, run: 'r1', documents: first });
    await publish({ args, run: 'r2', documents: second });
    rmSync(`${path}.changes/state.gz`);
    const { place, args: parsed } = placeOf(args);
    expect(await inspectFile(place, parsed)).toContain('state.gz, is gone');
    await publish({ args, run: 'r3', documents: second });
    expect(entriesOf(path)[2]?.[0]).toMatchObject({ sequence: 3, full: true });
    expect(follow(path)).toEqual(second);
    expect(await inspectFile(place, parsed)).toBeUndefined();
  });

  it('never writes over changes of another job, or what it did not write', async () => {
    const path = join(tempDir(), 'out.jsonl');
    await publish({ args: { path, feed: true }, run: 'r1', documents: first });
    rmSync(path);
    const other = errorOf(publish({ args: { path, feed: true }, run: 'r2', documents: second, job: 'job-b' }));
    expect((await other).code).toBe('E_TARGET_CONFLICT');
    const foreign = join(tempDir(), 'out.jsonl');
    mkdirSync(`${foreign}.changes`);
    writeFileSync(`${foreign}.changes/00000001.jsonl`, 'mine\n');
    expect((await errorOf(publish({ args: { path: foreign, feed: true }, run: 'r1', documents: first }))).code).toBe(
      'E_TARGET_CONFLICT',
    );
    expect(existsSync(foreign)).toBe(false);
  });
});

describe('versions', () => {
  const versionsIn = (path: string) =>
    readdirSync(`${path}.versions`).filter((name) => !name.endsWith('.manifest.json'));

  it('keeps the last of them, and deletes only what this job wrote', async () => {
    const path = join(tempDir(), 'out.v2.jsonl.gz');
    const args = { path, compress: 'gzip', keep: 2 };
    for (const [i, documents] of [first, second, third].entries()) {
      await publish({ args, run: `r${String(i + 1)}`, documents });
      if (i === 0) {
        writeFileSync(`${path}.versions/r0.v2.jsonl.gz`, 'mine');
        writeFileSync(`${path}.versions/notes.txt`, 'mine');
      }
    }
    expect(versionsIn(path).sort()).toEqual(['notes.txt', 'r0.v2.jsonl.gz', 'r2.v2.jsonl.gz', 'r3.v2.jsonl.gz']);
    expect(gunzipSync(readFileSync(`${path}.versions/r2.v2.jsonl.gz`)).toString()).toBe(linesOf(second));
    expect(gunzipSync(readFileSync(path)).toString()).toBe(linesOf(third));
    expect(JSON.parse(readFileSync(`${path}.manifest.json`, 'utf8'))).toMatchObject({
      file: 'out.v2.jsonl.gz',
      version: 'out.v2.jsonl.gz.versions/r3.v2.jsonl.gz',
      compress: 'gzip',
    });
    expect(JSON.parse(readFileSync(`${path}.versions/r3.v2.jsonl.gz.manifest.json`, 'utf8'))).toMatchObject({
      file: 'r3.v2.jsonl.gz',
      run: 'r3',
    });
  });

  it('makes no new version of the same content, and repairs the latest from it', async () => {
    const path = join(tempDir(), 'out.jsonl');
    const args = { path, keep: 3 };
    await publish({ args, run: 'r1', documents: first });
    rmSync(path);
    await publish({ args, run: 'r2', documents: first });
    expect(versionsIn(path)).toEqual(['r1.jsonl']);
    expect(readFileSync(path, 'utf8')).toBe(linesOf(first));
    const { place, args: parsed } = placeOf(args);
    expect(await inspectFile(place, parsed)).toBeUndefined();
  });

  it('leaves whole versions alone wherever a publication ends, and no parts behind', async () => {
    let isWhole = false;
    for (let steps = 0; !isWhole; steps++) {
      const path = join(tempDir(), 'out.jsonl');
      const args = { path, keep: 1 };
      await publish({ args, run: 'r1', documents: first });
      isWhole = await publish({ args, run: 'r2', documents: second, steps });
      await publish({ args, run: 'r3', documents: third });
      expect(readFileSync(path, 'utf8')).toBe(linesOf(third));
      expect(readdirSync(`${path}.versions`).sort()).toEqual(['r3.jsonl', 'r3.jsonl.manifest.json']);
    }
  });
});
