/** Finds where a JSON document has its records, and whether it is one page of several. */
import { isJsonObject } from '../../../records/json-object.ts';
import { toPointer } from '../../../job/pointer.ts';

/** Args of the reader `http-api`, as far as they show in one answer. */
export interface Paging {
  readonly items: string;
  readonly total?: string;
  readonly paging: Readonly<Record<string, string>>;
}

/**
 * Returns the pointer to the longest list of objects, at most three levels deep. Returns undefined if the document has
 * no such list.
 */
export function findEnvelope(document: unknown): string | undefined {
  return lists(document, []).toSorted((a, b) => b.length - a.length)[0]?.pointer;
}

interface FoundList {
  readonly pointer: string;
  readonly length: number;
}

function lists(value: unknown, path: readonly string[]): readonly FoundList[] {
  if (Array.isArray(value)) {
    const isList = value.length > 0 && value.every(isJsonObject);
    return isList && path.length > 0 ? [{ pointer: toPointer(path), length: value.length }] : [];
  }
  if (!isJsonObject(value) || path.length >= 3) return [];
  return Object.entries(value).flatMap(([key, item]) => lists(item, [...path, key]));
}

/** Fields in which public APIs have the address of the next page. */
const LINKS = [
  '/links/next',
  '/links/next/href',
  '/_links/next/href',
  '/next',
  '/paging/next',
  '/pagination/next',
  '/@odata.nextLink',
];
const CURSORS = ['/meta/next_cursor', '/next_cursor', '/nextCursor', '/nextPageToken', '/message/next-cursor'];
const TOTALS = [
  '/meta/count',
  '/hits/total',
  '/page/totalElements',
  '/message/total-results',
  '/total',
  '/count',
  '/total_count',
];

export function findPaging(document: unknown, items: string): Paging | undefined {
  const known = (pointers: readonly string[], fits: (value: unknown) => boolean): string | undefined =>
    pointers.find((pointer) => fits(at(document, pointer)));
  const total = known(TOTALS, (value) => typeof value === 'number');
  const rest = { items, ...(total === undefined ? {} : { total }) };
  const link = known(LINKS, (value) => typeof value === 'string' && /^https?:|^\//.test(value));
  if (link !== undefined) return { ...rest, paging: { type: 'next_link', next: link } };
  const cursor = known(CURSORS, (value) => typeof value === 'string' && value !== '');
  return cursor === undefined
    ? undefined
    : { ...rest, paging: { type: 'cursor', parameter: 'cursor', first: '*', next: cursor } };
}

/** Returns a sentence if the document reports more records than its list has; undefined if it does not. */
export function describeMissing(document: unknown, items: string): string | undefined {
  const list = at(document, items);
  const held = Array.isArray(list) ? list.length : 0;
  const total = TOTALS.find((pointer) => Number(at(document, pointer)) > held);
  if (total === undefined) return undefined;
  return `It reports ${String(at(document, total))} records at ${total} and holds ${String(held)}: it may be one page of several. Read all of them with the reader "http-api".`;
}

function at(document: unknown, pointer: string): unknown {
  return pointer
    .slice(1)
    .split('/')
    .reduce<unknown>((value, key) => (isJsonObject(value) ? value[key] : undefined), document);
}
