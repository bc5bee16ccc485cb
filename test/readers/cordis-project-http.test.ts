import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cordisProjectHttp } from '../../readers/cordis-project-http.ts';
import type { SourceVersion } from '../../src/component/reader.ts';
import { failureOf, zipLike } from '../http/http-fixture.ts';
import { readerContext, startSourceOf } from '../support/source-reader-context.ts';
import type { SourceServer } from '../support/source-server.ts';

const PATH = '/data/cordis-h2020projects-xml.zip';
const FILE = { name: 'cordis-h2020projects-xml.zip', bytes: zipLike(300_000) };

async function locate(source: SourceServer, args: object = {}): Promise<SourceVersion> {
  const parsed = cordisProjectHttp.args.parse({ base_url: source.url, origin: 'H2020', ...args });
  const located = await cordisProjectHttp.locate(parsed, readerContext());
  if ('nothingNew' in located) throw new Error(located.nothingNew);
  return located;
}

describe('cordis-project-http', () => {
  it.each([
    ['HE', '/data/cordis-HORIZONprojects-xml.zip'],
    ['H2020', PATH],
    ['FP7', '/data/cordis-fp7projects-xml.zip'],
  ])('asks for the projects of %s', async (origin, path) => {
    const source = await startSourceOf({ dumps: [], files: { [path]: FILE } });
    expect(await locate(source, { origin })).toMatchObject({ name: path.slice('/data/'.length), bytes: 300_000 });
    expect(source.requests.map((request) => request.path)).toEqual([path]);
  });

  it('knows whether the zip is another one before it downloads it', async () => {
    const source = await startSourceOf({ dumps: [], files: { [PATH]: FILE } });
    const before = await locate(source);
    expect(before).toMatchObject({
      version: '2026-01-02T03:04:05.000Z',
      identity: expect.stringContaining('"md5:') as string,
    });
    expect(await locate(source)).toEqual(before);
    source.put(PATH, { ...FILE, bytes: zipLike(300_000) });
    expect((await locate(source)).identity).not.toBe(before.identity);
    expect(source.requests.every(({ method }) => method === 'HEAD')).toBe(true);
  });

  it('goes on where a connection broke', async () => {
    const source = await startSourceOf({ dumps: [], files: { [PATH]: FILE } });
    source.addFault({ at: 'file', method: 'GET', kind: 'cut', afterBytes: 100_000, times: 1 });
    const args = cordisProjectHttp.args.parse({ base_url: source.url, origin: 'H2020' });
    const [file] = await cordisProjectHttp.fetch(await locate(source), args, readerContext());
    expect(readFileSync(file?.path ?? '').equals(FILE.bytes)).toBe(true);
    expect(source.requests.some(({ headers }) => headers.range?.startsWith('bytes=') === true)).toBe(true);
  });

  it('takes no page for a zip, and says that a programme is not there', async () => {
    const source = await startSourceOf({ dumps: [], files: { [PATH]: FILE } });
    const args = cordisProjectHttp.args.parse({ base_url: source.url, origin: 'FP7' });
    const context = readerContext();
    const version = await cordisProjectHttp.locate(args, context);
    if ('nothingNew' in version) throw new Error(version.nothingNew);
    expect((await failureOf(cordisProjectHttp.fetch(version, args, context))).code).toBe('E_SOURCE_NOT_FOUND');
    source.addFault({ at: 'file', method: 'GET', kind: 'status', status: 200, html: true });
    const he = cordisProjectHttp.args.parse({ base_url: source.url, origin: 'H2020' });
    expect((await failureOf(cordisProjectHttp.fetch(version, he, context))).code).toBe('E_SOURCE_UNEXPECTED');
  });
});
