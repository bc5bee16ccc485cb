/** The rules for every reader. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerReader, ParserReader, ReadContext, Reader, RecordSourceReader } from '../../component/reader.ts';
import type { PlacedResource, Resource } from '../../component/resource.ts';
import type { ReadItem } from '../../records/entry.ts';
import { fileResource } from '../../spool/file-resource.ts';
import { check, definitionChecks, inDirectory, SOME_SECRET, withSecrets, type Check } from './check.ts';
import { memoryResource, readAll, testContext } from './test-context.ts';

/** A file for the checks of a reader. */
export interface ReaderSample {
  /** A good file: several records or members. */
  readonly content: string | Uint8Array;
  /** Default: none. */
  readonly args?: Readonly<Record<string, unknown>>;
  /** For a parser: the values of all records in order. */
  readonly values?: readonly unknown[];
}

/** Returns the checks of a reader. Without a sample only its definition is checked. */
export function readerChecks(reader: Reader, sample?: ReaderSample): readonly Check[] {
  const definition = [...definitionChecks(reader), examplesParse(reader)];
  if (sample === undefined) return definition;
  if (reader.emits === 'records') return [...definition, ...parserChecks(reader, sample)];
  return reader.accepts === 'bytes' ? [...definition, ...containerChecks(reader, sample)] : definition;
}

function examplesParse(reader: Reader): Check {
  return check('takes the arguments of its examples', () => {
    for (const { title, args } of reader.examples) {
      assert.equal(reader.args.safeParse(withSecrets(args, SOME_SECRET)).error, undefined, title);
    }
  });
}

function parserChecks(reader: ParserReader | RecordSourceReader, sample: ReaderSample): readonly Check[] {
  const { content, args = {}, values } = sample;
  const read = (from: number, resource: Resource): Promise<ReadItem[]> =>
    readAll(reader, resource, args, testContext({ from }));
  return [
    onFile('gives all records with rising positions, in batches', content, async (resource) => {
      const items = await read(0, resource);
      assert.ok(items.length > 0, 'the sample has records');
      assert.deepEqual(
        items.map(({ position }) => position),
        items.map((_, index) => index),
      );
      if (values !== undefined)
        assert.deepEqual(plain(items), plain(values.map((value, position) => ({ position, value }))));
      for await (const batch of reader.read(resource, reader.args.parse(args), testContext()))
        assert.ok(batch.length <= 2000, 'a batch has at most 2,000 records');
    }),
    onFile('may begin in the middle', content, async (resource) => {
      const all = await read(0, resource);
      for (const from of new Set([1, Math.floor(all.length / 2), all.length - 1, all.length, all.length + 1])) {
        const rest = (await read(from, resource)).filter(({ position }) => position >= from);
        assert.deepEqual(plain(rest), plain(all.slice(from)), `from ${String(from)}`);
      }
    }),
    onFile(
      'gives of bytes at hand what it gives of their stream, or leaves them to that',
      content,
      async (resource) => {
        if (!('readContent' in reader)) return;
        const whole = await contentOf(resource);
        for (const size of [whole.length, whole.length - 1, 100, 10, 1, 0]) {
          const part = whole.subarray(0, size);
          const found: readonly ReadItem[] | undefined = reader.readContent(
            part,
            reader.args.parse(args),
            testContext(),
          );
          if (found === undefined) continue;
          assert.deepEqual(plain(found), plain(await read(0, memoryResource(part))), `${String(part.length)} bytes`);
        }
      },
    ),
    onFile('stops when it is aborted', content, async (resource) => {
      const reason = new Error('stop');
      const context = testContext({ signal: AbortSignal.abort(reason) });
      await assert.rejects(readAll(reader, resource, args, context), (error) => error === reason);
    }),
    onFile('may be left in the middle', content, async (resource) => {
      for await (const batch of reader.read(resource, reader.args.parse(args), testContext())) {
        assert.ok(batch.length > 0);
        break;
      }
    }),
  ];
}

function containerChecks(reader: ContainerReader, { content, args = {} }: ReaderSample): readonly Check[] {
  const parsed = (): unknown => reader.args.parse(args);
  const members: ReadMembers = async (resource, given = {}) => {
    const found: PlacedResource[] = [];
    for await (const some of reader.read(resource, parsed(), testContext(given)))
      found.push(...('position' in some ? [some] : some));
    return found;
  };
  return [
    onFile('gives members with rising positions, names, and the same bytes each time', content, async (resource) => {
      const found = await members(resource);
      assert.ok(found.length > 0, 'the sample has members');
      const positions = found.map(({ position }) => position);
      assert.deepEqual(
        positions,
        [...new Set(positions)].toSorted((a, b) => a - b),
      );
      for (const { resource: member } of found) {
        assert.notEqual(member.name, '');
        const bytes = await contentOf(member);
        assert.equal(member.bytes ?? bytes.length, bytes.length, `the size of ${member.name}`);
        assert.ok(bytes.equals(await contentOf(member)), `${member.name} has other bytes the second time`);
      }
    }),
    onFile('may begin in the middle, and end there', content, async (resource) => {
      const all = (await members(resource)).map(({ position }) => position);
      for (const [from, until] of [
        [1, 99],
        [2, 99],
        [99, 199],
        [0, 1],
        [1, 2],
      ] as const) {
        const wanted = (position: number): boolean => position >= from && position < until;
        const some = (await members(resource, { from, until })).map(({ position }) => position);
        assert.deepEqual(some.filter(wanted), all.filter(wanted), `from ${String(from)} until ${String(until)}`);
      }
    }),
    onFile('stops when it is aborted', content, async (resource) => {
      const reason = new Error('stop');
      await assert.rejects(members(resource, { signal: AbortSignal.abort(reason) }), (error) => error === reason);
    }),
    ...splitChecks(reader, { content, args }, members),
  ];
}

type ReadMembers = (
  resource: Resource,
  given?: Partial<Omit<ReadContext, 'services'>>,
) => Promise<readonly PlacedResource[]>;

function splitChecks(
  reader: ContainerReader,
  { content, args = {} }: ReaderSample,
  members: ReadMembers,
): readonly Check[] {
  return [
    onFile('has every member in one part, however many parts are asked for', content, async (resource) => {
      if (reader.split === undefined) return;
      const all = (await members(resource)).map(({ position }) => position);
      const { signal, services } = testContext();
      for (const parts of [1, 2, 3, 100]) {
        const cuts = await reader.split(resource, reader.args.parse(args), { parts, signal, services });
        assert.equal(cuts[0], 0);
        assert.ok(cuts.length <= parts, 'there are no more parts than were asked for');
        const found: number[] = [];
        for (const [index, from] of cuts.entries()) {
          const until = cuts[index + 1] ?? Infinity;
          const part = await members(resource, { from, until });
          found.push(...part.map(({ position }) => position).filter((one) => one >= from && one < until));
        }
        assert.deepEqual(found, all, `${String(parts)} parts`);
      }
    }),
  ];
}

/** A check that reads a file with this content. */
function onFile(name: string, content: string | Uint8Array, run: (resource: Resource) => Promise<void>): Check {
  return check(name, () =>
    inDirectory(async (directory) => {
      const path = join(directory, 'sample');
      await writeFile(path, content);
      await run(fileResource({ name: 'sample', path, bytes: Buffer.byteLength(content), digest: '' }));
    }),
  );
}

async function contentOf(resource: Resource): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of resource.stream()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Objects without a prototype, as some parsers make them, equal those with one. */
function plain(value: unknown): unknown {
  return structuredClone(value);
}
