import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { orcidHttp } from '../../readers/orcid-http.ts';
import { createBundles } from '../../src/bundle/create-bundles.ts';
import type { SourceReader } from '../../src/component/reader.ts';
import { fileResource } from '../../src/spool/file-resource.ts';
import { orcidIds, orcidXml } from '../support/orcid-buckets.ts';
import { contentOf, errorOf, testContext } from '../support/read-resource.ts';
import { readerContext } from '../support/source-reader-context.ts';
import { tempDir } from '../support/temp-dir.ts';

const reader: SourceReader = orcidHttp;
const [a = '', b = '', c = '', d = ''] = orcidIds(4);

interface Orcid {
  readonly url: string;
  readonly requests: { readonly path: string; readonly accept: string | undefined }[];
  answer: (id: string) => { readonly status: number; readonly body: string };
}

/** Answers a record for every iD, unless told otherwise. */
async function startOrcid(): Promise<Orcid> {
  const orcid: Orcid = {
    url: '',
    requests: [],
    answer: (id) => ({ status: 200, body: orcidXml(id, { given: 'José', family: id }) }),
  };
  const server = createServer((request, response) => {
    orcid.requests.push({ path: request.url ?? '', accept: request.headers.accept });
    const { status, body } = orcid.answer((request.url ?? '').slice(1));
    response.writeHead(status, { 'content-type': 'application/xml' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return Object.assign(orcid, { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` });
}

async function read(args: Readonly<Record<string, unknown>>): Promise<[string, string][]> {
  const base = readerContext();
  const context = { ...base, services: { ...base.services, bundles: createBundles(tempDir()) } };
  const parsed = reader.args.parse(args);
  const version = await reader.locate(parsed, context);
  if ('nothingNew' in version) throw new Error(version.nothingNew);
  const files = await reader.fetch(version, parsed, context);
  const found: [string, string][] = [];
  for await (const { resource, failure } of reader.open?.(files.map(fileResource), parsed, testContext()) ?? []) {
    found.push([resource.name, failure?.message ?? String(await contentOf(resource))]);
  }
  return found;
}

describe('orcid-http', () => {
  it('reads the records of its iDs in their order, byte for byte', async () => {
    const orcid = await startOrcid();
    const found = await read({ ids: [c, a, b], base_url: orcid.url });
    expect(found).toEqual([c, a, b].map((id) => [`${id}.xml`, orcidXml(id, { given: 'José', family: id })]));
    expect(orcid.requests.map(({ path }) => path).sort()).toEqual([a, b, c].map((id) => `/${id}`));
    expect(orcid.requests[0]?.accept).toBe('application/xml');
  });

  it('rejects a record that is not there with its iD, and reads the others', async () => {
    const orcid = await startOrcid();
    const { answer } = orcid;
    orcid.answer = (id) => (id === b ? { status: 404, body: 'no' } : answer(id));
    const found = await read({ ids: [a, b, c], base_url: orcid.url, content_type: 'application/orcid+xml' });
    expect(found.map(([name]) => name)).toEqual([a, b, c].map((id) => `${id}.xml`));
    expect(found[1]?.[1]).toMatch(new RegExp(`^The record ${b} could not be fetched: .*404`));
    expect(orcid.requests[0]?.accept).toBe('application/orcid+xml');
  });

  it('is not read where the server is away', async () => {
    const orcid = await startOrcid();
    orcid.answer = () => ({ status: 500, body: 'no' });
    expect((await errorOf(read({ id: d, base_url: orcid.url }))).code).toBe('E_SOURCE_UNAVAILABLE');
  });

  it('asks the sandbox unless it is told not to, as in InvenioRDM', async () => {
    const nameOf = async (args: unknown): Promise<unknown> => reader.locate(reader.args.parse(args), readerContext());
    expect(await nameOf({ id: a })).toMatchObject({ name: `${a} from sandbox.orcid.org` });
    expect(await nameOf({ ids: [a, b], test_mode: false })).toMatchObject({ name: '2 records from orcid.org' });
  });

  it.each([[{}], [{ id: '1' }], [{ ids: [] }], [{ id: a, ids: [b] }]])('refuses %j', (args) => {
    expect(reader.args.safeParse(args).success).toBe(false);
  });
});
