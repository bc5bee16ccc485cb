/** Splits a list inside each document that a reader finds into its items, so that one document gives several records. */
import { z } from 'zod';
import type { ReadContext } from '../../src/component/reader.ts';
import { RecordError } from '../../src/errors.ts';
import { parsePointer } from '../../src/job/pointer.ts';
import { describeFound } from '../../src/job/check/problem.ts';
import { RAW_LIMIT, isFailure, type ReadItem } from '../../src/records/entry.ts';
import { isJsonObject, setOwn, type JsonObject } from '../../src/records/json-object.ts';
import { findAt, pointerArg } from './pointer-arg.ts';

export const splitArg = z
  .strictObject({
    list: pointerArg
      .refine((pointer) => pointer !== '', 'expected the pointer to a list inside the document, such as "/items"')
      .describe('A JSON pointer to the list in each document. Each of its items becomes a record.'),
    parent: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The key under which each record gets the rest of its document, without the list. The items must then be objects. At most 64 KiB.',
      ),
    required: z
      .boolean()
      .default(true)
      .describe('Whether a document without the list is rejected. With `false` it has no records.'),
  })
  .optional()
  .describe(
    'Makes several records from each document: the items of a list in it. Without `split`, each document is one record. Positions count the records.',
  );

export type Split = NonNullable<z.infer<typeof splitArg>>;

const BATCH = 100;
/** It is repeated in each record. */
const LARGEST_PARENT = 64 * 1024;

/**
 * Reads with `read`, and splits the documents that it yields. A split read begins at the first document and skips none,
 * because known bytes do not show how many records are in them.
 */
export function readSplit(
  split: Split | undefined,
  context: ReadContext,
  read: (context: ReadContext) => AsyncIterable<readonly ReadItem[]>,
  options: SplitOptions = {},
): AsyncIterable<readonly ReadItem[]> {
  if (split === undefined) return read(context);
  // The names in `wanted` are those of the parts.
  const { recognise: _, wanted: _wanted, ...parsing } = context;
  return splitDocuments(read({ ...parsing, from: 0 }), { ...split, ...options }, context.from);
}

interface SplitOptions {
  /** In XML, a repeated element is a list and a single one is not. */
  readonly singleIsList?: boolean;
}

async function* splitDocuments(
  documents: AsyncIterable<readonly ReadItem[]>,
  split: Split & SplitOptions,
  from: number,
): AsyncGenerator<readonly ReadItem[], void, undefined> {
  let position = 0;
  let batch: ReadItem[] = [];
  for await (const items of documents) {
    for (const document of items) {
      for (const part of partsOf(document, split, position)) {
        position = part.position + 1;
        if (part.position >= from) batch.push(part);
        if (batch.length < BATCH) continue;
        yield batch;
        batch = [];
      }
    }
    if (batch.length > 0) yield batch;
    batch = [];
  }
}

function* partsOf(document: ReadItem, split: Split & SplitOptions, first: number): Generator<ReadItem> {
  if (isFailure(document)) {
    yield { ...document, position: first };
    return;
  }
  const { value } = document;
  const steps = parsePointer(split.list);
  const found = findAt(value, steps);
  const isSingle = split.singleIsList === true && found !== undefined && !Array.isArray(found);
  const list = isSingle ? [found] : found;
  if (!Array.isArray(list)) {
    if (list !== undefined || split.required) yield failure(value, first, noList(document.position, split, list));
    return;
  }
  const parent = split.parent === undefined ? undefined : { key: split.parent, value: without(value, steps) };
  if (parent !== undefined && JSON.stringify(parent.value).length > LARGEST_PARENT) {
    const message = `Document ${String(document.position)} has more than ${String(LARGEST_PARENT)} characters outside of ${split.list}, too many for "parent".`;
    yield failure(value, first, new RecordError('E_RECORD_TOO_LARGE', message));
    return;
  }
  for (const [i, item] of (list as readonly unknown[]).entries()) yield toPart(item, first + i, split, parent);
}

function toPart(
  item: unknown,
  position: number,
  split: Split,
  parent: { readonly key: string; readonly value: unknown } | undefined,
): ReadItem {
  if (parent === undefined) return { position, value: item };
  if (!isJsonObject(item) || Object.hasOwn(item, parent.key)) {
    const found = isJsonObject(item) ? 'one that has this key already' : describeFound(item);
    const message = `Expected an object without the key "${parent.key}" in ${split.list}, to put the rest of the document there; found ${found}.`;
    return failure(item, position, new RecordError('E_RECORD_TYPE', message));
  }
  const value: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(item)) setOwn(value, key, inner);
  setOwn(value, parent.key, parent.value);
  return { position, value };
}

/** Copies the objects and lists on the way to the omitted value. The rest is shared. */
function without(value: unknown, [step, ...rest]: readonly string[]): unknown {
  if (step === undefined) return undefined;
  if (Array.isArray(value))
    return value.map((inner, i) => (String(i) === step ? without(inner, rest) : (inner as unknown)));
  const copy: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value as JsonObject)) {
    if (key !== step) setOwn(copy, key, inner);
    else if (rest.length > 0) setOwn(copy, key, without(inner, rest));
  }
  return copy;
}

function noList(document: number, { list }: Split, found: unknown): RecordError {
  const hint = found === undefined ? ' Where it may be absent, set "required": false.' : '';
  return new RecordError(
    'E_RECORD_TYPE',
    `Expected a list at ${list} of document ${String(document)}, found ${describeFound(found)}.${hint}`,
    { details: { pointer: list } },
  );
}

function failure(value: unknown, position: number, error: RecordError): ReadItem {
  return { position, error, raw: JSON.stringify(value).slice(0, RAW_LIMIT).toWellFormed() };
}
