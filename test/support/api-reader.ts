/** The reader `http-api` on a server of its own: located, fetched and read. */
import { onTestFinished } from 'vitest';
import { httpApi } from '../../readers/http-api.ts';
import { createBundles } from '../../src/bundle/create-bundles.ts';
import type { FetchedFile, SourceVersion } from '../../src/component/reader.ts';
import { isFailure, type ReadItem } from '../../src/records/entry.ts';
import { fileResource } from '../../src/spool/file-resource.ts';
import { apiItems, startApiServer, type ApiItem, type ApiServer, type ApiShape } from './api-server.ts';
import { readRecords, testContext } from './read-resource.ts';
import { readerContext } from './source-reader-context.ts';
import { tempDir } from './temp-dir.ts';

export type Args = Readonly<Record<string, unknown>>;
type Context = ReturnType<typeof readerContext>;

export async function startApi(shape: ApiShape, items: readonly ApiItem[] = apiItems(25)): Promise<ApiServer> {
  const server = await startApiServer(shape, items);
  onTestFinished(() => server.close());
  return server;
}

export function fetchContext(options: Parameters<typeof readerContext>[0] = {}): Context {
  const context = readerContext(options);
  return { ...context, services: { ...context.services, bundles: createBundles(tempDir()) } };
}

export async function locate(args: Args, context: Context): Promise<SourceVersion> {
  const located = await httpApi.locate(httpApi.args.parse(args), context);
  if ('nothingNew' in located) throw new Error(`expected a version, got: ${located.nothingNew}`);
  return located;
}

export async function fetchPages(args: Args, context = fetchContext(), version?: SourceVersion): Promise<FetchedFile> {
  const [file] = await httpApi.fetch(version ?? (await locate(args, context)), httpApi.args.parse(args), context);
  if (file === undefined) throw new Error('nothing was fetched');
  return file;
}

export function itemsOf(file: FetchedFile, args: Args, from = 0): Promise<ReadItem[]> {
  return readRecords(httpApi, fileResource(file), args, testContext({ from }));
}

export async function idsOf(file: FetchedFile, args: Args): Promise<unknown[]> {
  return (await itemsOf(file, args)).map((item) => (isFailure(item) ? item.error.code : (item.value as ApiItem).id));
}

export const numbers = (count: number): string[] => apiItems(count).map(({ id }) => id);

/** `limit`, `offset` and a total: three pages of ten. */
export const offsetArgs = ({ url }: ApiServer, args: Args = {}): Args => ({
  origin: `${url}/things`,
  items: '/data/items',
  id: '/id',
  total: '/total',
  paging: { type: 'offset', parameter: 'offset' },
  page_size: { parameter: 'limit', size: 10 },
  ...args,
});

/** `page` and `size`; the document is the list. */
export const pageArgs = ({ url }: ApiServer, args: Args = {}): Args => ({
  origin: `${url}/things`,
  items: '',
  paging: { type: 'page', parameter: 'page' },
  page_size: { parameter: 'size', size: 10 },
  ...args,
});
