/**
 * The file writer: writes a file completely or not at all, never replaces someone else's file, and writes what other
 * programs can read.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse as parseCsv } from 'csv-parse/sync';
import { parse } from 'yaml';
import { file } from '../../writers/file.ts';
import type { SnapshotSink } from '../../src/component/writer.ts';
import { VocabSyncError } from '../../src/errors.ts';
import type { Document } from '../../src/records/document.ts';
import { noS3 } from '../support/no-services.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { tempDir } from '../support/temp-dir.ts';

const documents: readonly Document[] = [
  {
    id: '04d836q62',
    name: 'TU Wien',
    aliases: ['Technische Universität Wien'],
    title: { no: 'TU Wien' },
    country: 'AT',
  },
  { id: '05a28rw58', name: 'ETH "Zürich",\nZürich', empty: null, n: 1.5, flag: true, list: [] },
];

async function openSink(args: object, job = 'job-a'): Promise<SnapshotSink> {
  const { signal } = new AbortController();
  return file.open(file.args.parse(args), { run: 'run-1', job, logger: silentLogger(), buckets: noS3.target, signal });
}

async function publish(args: object, batches: readonly (readonly Document[])[], job?: string) {
  const sink = await openSink(args, job);
  try {
    for (const batch of batches) await sink.write(batch);
    return await sink.commit();
  } finally {
    await sink.close();
  }
}

async function refusalOf(work: Promise<unknown>): Promise<VocabSyncError> {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof VocabSyncError) return thrown;
  throw new Error(`expected an error of ours, found ${String(thrown)}`);
}

function readManifest(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(`${path}.manifest.json`, 'utf8')) as Record<string, unknown>;
}

describe('formats', () => {
  it('jsonl: one document in each line, keys in their order', async () => {
    const path = join(tempDir(), 'out.jsonl');
    await publish({ path }, [documents.slice(0, 1), documents.slice(1)]);
    expect(readFileSync(path, 'utf8')).toBe(documents.map((document) => `${JSON.stringify(document)}\n`).join(''));
  });

  it('csv: a header, CRLF, quotes as RFC 4180 has them, lists and objects as JSON', async () => {
    const path = join(tempDir(), 'out.csv');
    await publish({ path, columns: ['id', 'name', 'aliases', 'n', 'empty'] }, [documents]);
    expect(readFileSync(path, 'utf8')).toBe(
      'id,name,aliases,n,empty\r\n' +
        '04d836q62,TU Wien,"[""Technische Universität Wien""]",,\r\n' +
        '05a28rw58,"ETH ""Zürich"",\nZürich",,1.5,\r\n',
    );
  });

  it('csv: quotes line breaks of every kind, outer blanks, and a single blank cell', async () => {
    const path = join(tempDir(), 'out.csv');
    const texts = ['a\nb', 'a\rb', 'a\r\nb', ' a', 'a ', '\ta', 'a\u2028b', 'a\u0085b', '\ufeffa', 'sep=;'];
    await publish({ path, columns: ['id', 'x\ny'] }, [texts.map((text) => ({ id: 'r', 'x\ny': text }))]);
    const quoted = texts.map((text) => `r,"${text}"\r\n`).join('');
    expect(readFileSync(path, 'utf8')).toBe(`id,"x\ny"\r\n${quoted}`);
    const one = join(tempDir(), 'one.csv');
    await publish({ path: one, columns: ['x'] }, [[{ id: 'a' }, { id: 'b', x: 'y' }]]);
    expect(readFileSync(one, 'utf8')).toBe('x\r\n""\r\ny\r\n');
  });

  it('csv: makes texts of formulas where it is asked to, and of nothing else', async () => {
    const texts = ['=cmd|x', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\uff1d1', ' =1', 'a=b', "'=1", '1'];
    const rows = texts.map((text) => ({ id: text, n: -5, list: [-1] }));
    const columns = ['id', 'n', 'list', '=x'];
    for (const [escapes, prefix] of [
      [true, "'"],
      [false, ''],
    ] as const) {
      const path = join(tempDir(), 'out.csv');
      await publish({ path, columns, escape_formulas: escapes }, [rows]);
      const found = parseCsv(readFileSync(path, 'utf8'), { record_delimiter: '\r\n' });
      expect(found[0]).toEqual(['id', 'n', 'list', `${prefix}=x`]);
      expect(found.slice(1)).toEqual(texts.map((text, i) => [i < 8 ? `${prefix}${text}` : text, '-5', '[-1]', '']));
    }
  });

  it('yaml: one list, the same for readers of YAML 1.1 and 1.2', async () => {
    const path = join(tempDir(), 'out.yaml');
    await publish(
      { path },
      documents.map((document) => [document]),
    );
    const text = readFileSync(path, 'utf8');
    expect(text).toMatch(/^- id: "04d836q62"\n {2}name: TU Wien\n {2}aliases:\n {4}- Technische Universität Wien\n/);
    expect(text).toContain('"no": TU Wien');
    for (const version of ['1.1', '1.2'] as const) expect(parse(text, { version })).toEqual(documents);
  });

  it.each([
    ['jsonl', {}, ''],
    ['csv', { columns: ['id', 'name'] }, 'id,name\r\n'],
    ['yaml', {}, '[]\n'],
  ])('%s without records is a valid file', async (format, args, content) => {
    const path = join(tempDir(), 'out');
    await publish({ path, format, ...args }, []);
    expect(readFileSync(path, 'utf8')).toBe(content);
  });
});

describe('the manifest', () => {
  it('says what the file holds, and agrees with the answer of commit', async () => {
    const path = join(tempDir(), 'out.jsonl');
    const result = await publish({ path }, [documents]);
    const bytes = readFileSync(path);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(result).toEqual({ path, records: 2, bytes: bytes.length, digest: `sha256:${sha256}` });
    expect(readManifest(path)).toEqual({
      made_by: 'vocab-sync',
      file: 'out.jsonl',
      format: 'jsonl',
      records: 2,
      bytes: bytes.length,
      sha256,
      job: 'job-a',
      run: 'run-1',
      written_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as unknown,
    });
  });
});

describe('publication', () => {
  it('shows nothing before commit, and leaves no trace without it', async () => {
    const directory = tempDir();
    const path = join(directory, 'out.jsonl');
    const sink = await openSink({ path });
    await sink.write(documents);
    expect(existsSync(path)).toBe(false);
    await sink.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('leaves the old file as it is until the new one is whole', async () => {
    const directory = tempDir();
    const path = join(directory, 'out.jsonl');
    await publish({ path }, [documents]);
    const before = readFileSync(path, 'utf8');
    const sink = await openSink({ path });
    await sink.write([{ id: 'x' }]);
    expect(readFileSync(path, 'utf8')).toBe(before);
    await sink.commit();
    await sink.close();
    expect(readFileSync(path, 'utf8')).toBe('{"id":"x"}\n');
    expect(readdirSync(directory).sort()).toEqual(['out.jsonl', 'out.jsonl.manifest.json']);
  });

  it('clears away what a killed worker left, and nothing else', async () => {
    const directory = tempDir();
    const path = join(directory, 'out.jsonl');
    writeFileSync(join(directory, '.out.jsonl.0123456789abcdef.part'), 'half');
    writeFileSync(join(directory, '.out.jsonl.notes.part'), 'mine');
    await publish({ path }, [documents]);
    expect(readdirSync(directory).sort()).toEqual(['.out.jsonl.notes.part', 'out.jsonl', 'out.jsonl.manifest.json']);
  });

  it('lets an attempt that slept publish nothing when another one has begun', async () => {
    const path = join(tempDir(), 'out.jsonl');
    await publish({ path }, [documents]);
    const zombie = await openSink({ path });
    await zombie.write([{ id: 'zombie' }]);
    await publish({ path }, [[{ id: 'new' }]]);
    expect(await refusalOf(zombie.commit())).toMatchObject({ code: 'E_LEASE_LOST' });
    await zombie.close();
    expect(readFileSync(path, 'utf8')).toBe('{"id":"new"}\n');
    expect(readManifest(path)['records']).toBe(1);
  });

  it('lets such an attempt leave no manifest either, where nothing was published before', async () => {
    const path = join(tempDir(), 'out.jsonl');
    const zombie = await openSink({ path });
    const other = await openSink({ path });
    expect(await refusalOf(zombie.commit())).toMatchObject({ code: 'E_LEASE_LOST' });
    expect(existsSync(`${path}.manifest.json`)).toBe(false);
    await other.commit();
    await Promise.all([zombie.close(), other.close()]);
    expect(existsSync(path)).toBe(true);
  });

  it('goes on where a worker ended between the manifest and the first file', async () => {
    const path = join(tempDir(), 'out.jsonl');
    await publish({ path }, [documents]);
    rmSync(path);
    await publish({ path }, [documents]);
    expect(existsSync(path)).toBe(true);
  });
});

describe('an existing file', () => {
  const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

  it('keeps its mode, and so does its manifest', async () => {
    const path = join(tempDir(), 'out.jsonl');
    await publish({ path }, [documents]);
    chmodSync(path, 0o600);
    chmodSync(`${path}.manifest.json`, 0o640);
    await publish({ path }, [[{ id: 'new' }]]);
    expect([modeOf(path), modeOf(`${path}.manifest.json`)]).toEqual(['600', '640']);
    expect(readFileSync(path, 'utf8')).toBe('{"id":"new"}\n');
  });

  it.skipIf(process.getuid?.() !== 0)('keeps its owner and group (as root)', async () => {
    const path = join(tempDir(), 'out.jsonl');
    await publish({ path }, [documents]);
    chownSync(path, 1234, 2345);
    chmodSync(path, 0o2750);
    chownSync(`${path}.manifest.json`, 1234, 2346);
    await publish({ path }, [[{ id: 'new' }]]);
    expect(statSync(path)).toMatchObject({ uid: 1234, gid: 2345 });
    expect(modeOf(path)).toBe('2750');
    expect(statSync(`${path}.manifest.json`)).toMatchObject({ uid: 1234, gid: 2346 });
  });

  it('stays where a symbolic link leads to it, and so does the link of its manifest', async () => {
    const directory = tempDir();
    mkdirSync(join(directory, 'data'));
    mkdirSync(join(directory, 'links'));
    const real = join(directory, 'data', 'real.jsonl');
    const path = join(directory, 'links', 'out.jsonl');
    symlinkSync('../data/real.jsonl', join(directory, 'links', 'other'));
    symlinkSync('other', path);
    await publish({ path }, [documents]);
    renameSync(`${path}.manifest.json`, join(directory, 'data', 'manifest.json'));
    symlinkSync('../data/manifest.json', `${path}.manifest.json`);
    chmodSync(real, 0o600);
    await publish({ path }, [[{ id: 'new' }]]);
    expect(readFileSync(real, 'utf8')).toBe('{"id":"new"}\n');
    expect(modeOf(real)).toBe('600');
    for (const link of [path, `${path}.manifest.json`]) expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readManifest(path)).toMatchObject({ records: 1 });
    expect(readdirSync(join(directory, 'data')).sort()).toEqual(['manifest.json', 'real.jsonl']);
  });

  it('is refused where a link to it was turned to another file, or runs in a circle', async () => {
    const directory = tempDir();
    const path = join(directory, 'out.jsonl');
    symlinkSync('real.jsonl', path);
    await publish({ path }, [documents]);
    rmSync(path);
    writeFileSync(join(directory, 'precious.txt'), 'precious');
    symlinkSync('precious.txt', path);
    expect(await refusalOf(openSink({ path }))).toMatchObject({ code: 'E_TARGET_CONFLICT' });
    expect(readFileSync(join(directory, 'precious.txt'), 'utf8')).toBe('precious');
    symlinkSync('circle.jsonl', join(directory, 'circle.jsonl'));
    expect(await refusalOf(openSink({ path: join(directory, 'circle.jsonl') }))).toMatchObject({
      code: 'E_FILE_NOT_FOUND',
    });
  });
});

describe('refusals', () => {
  it('never overwrites a file that it did not make', async () => {
    const path = join(tempDir(), 'out.jsonl');
    writeFileSync(path, 'precious');
    const refusal = await refusalOf(openSink({ path }));
    expect(refusal).toMatchObject({ code: 'E_TARGET_CONFLICT' });
    expect(refusal.message).toContain('it has no manifest');
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  it('never overwrites the file of another job', async () => {
    const path = join(tempDir(), 'out.jsonl');
    await publish({ path }, [documents], 'job-a');
    const refusal = await refusalOf(openSink({ path }, 'job-b'));
    expect(refusal).toMatchObject({ code: 'E_TARGET_CONFLICT' });
    expect(refusal.message).toContain('it belongs to the job "job-a"');
  });

  it('takes a broken manifest for a foreign one', async () => {
    const path = join(tempDir(), 'out.jsonl');
    await publish({ path }, [documents]);
    writeFileSync(`${path}.manifest.json`, '{"made_by": "vocab-s');
    expect(await refusalOf(openSink({ path }))).toMatchObject({ code: 'E_TARGET_CONFLICT' });
  });

  it('names a directory in place of a file, and a directory that is not there', async () => {
    const directory = tempDir();
    mkdirSync(join(directory, 'out.jsonl'));
    expect(await refusalOf(openSink({ path: join(directory, 'out.jsonl') }))).toMatchObject({
      code: 'E_TARGET_CONFLICT',
    });
    const missing = await refusalOf(openSink({ path: join(directory, 'no', 'out.jsonl') }));
    expect(missing).toMatchObject({ code: 'E_FILE_NOT_FOUND' });
    expect(missing.message).toContain('Create it');
    const below = await refusalOf(openSink({ path: join(directory, 'x'.repeat(300)), format: 'jsonl' }));
    expect(below).toMatchObject({ code: 'E_FILE_NOT_FOUND' });
  });

  it.skipIf(process.getuid?.() === 0)('names a directory that it may not write', async () => {
    const directory = join(tempDir(), 'closed');
    mkdirSync(directory);
    chmodSync(directory, 0o500);
    expect(await refusalOf(openSink({ path: join(directory, 'out.jsonl') }))).toMatchObject({
      code: 'E_FILE_NOT_FOUND',
    });
    chmodSync(directory, 0o700);
  });

  it('is tried again when its directory goes away under it, and then says so', async () => {
    const directory = tempDir();
    mkdirSync(join(directory, 'a'));
    const sink = await openSink({ path: join(directory, 'a', 'out.jsonl') });
    await sink.write(documents);
    renameSync(join(directory, 'a'), join(directory, 'b'));
    expect(await refusalOf(sink.commit())).toMatchObject({ kind: 'unavailable' });
    await sink.close();
    const again = openSink({ path: join(directory, 'a', 'out.jsonl') });
    expect(await refusalOf(again)).toMatchObject({ code: 'E_FILE_NOT_FOUND' });
  });
});

describe('arguments', () => {
  const issuesOf = (args: object) =>
    file.args.safeParse(args).error?.issues.map(({ path, message }) => [path.join('/'), message]);

  it.each([
    [{ path: 'out.txt' }, 'format'],
    [{ path: 'out.csv' }, 'columns'],
    [{ path: 'out.jsonl', escape_formulas: true }, 'escape_formulas'],
    [{ path: 'out.jsonl', columns: ['id'] }, 'columns'],
    [{ path: 'out/' }, 'path'],
    [{ path: '' }, 'path'],
    [{ path: 'out.jsonl', format: 'xml' }, 'format'],
    [{ path: 'out.jsonl.gz' }, 'compress'],
    [{ path: 'out.jsonl', compress: 'gzip' }, 'compress'],
    [{ path: 'out.parquet', compress: 'gzip' }, 'compress'],
    [{ path: 'out.parquet', columns: ['id'], column_types: { name: 'json' } }, 'column_types'],
    [{ path: 'out.csv', columns: ['id', 'id'] }, 'columns'],
    [{ path: 's3://bucket' }, 'path'],
    [{ path: 'out.jsonl', endpoint: 'https://s3.example.org' }, 'endpoint'],
    [{ path: 's3://b/out.jsonl', access_key: 'a' }, 'secret_key'],
    [{ path: 'out.jsonl', on_missing: 'delete' }, 'on_missing'],
  ])('%j is refused at %s', (args, at) => {
    expect(issuesOf(args)?.map(([path]) => path)).toEqual([at]);
  });

  it('the ending decides the format unless it is given', async () => {
    const directory = tempDir();
    const path = join(directory, 'out.YML');
    await publish({ path }, []);
    expect(readFileSync(path, 'utf8')).toBe('[]\n');
    expect(issuesOf({ path: 'out.txt', format: 'jsonl' })).toBeUndefined();
  });
});
