import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openaireHttp } from '../../readers/openaire-http.ts';
import { openaireProjectHttp } from '../../readers/openaire-project-http.ts';
import { coverageOf, type SourceReader, type SourceVersion } from '../../src/component/reader.ts';
import { failureOf } from '../http/http-fixture.ts';
import { buildTar } from '../support/build-tar.ts';
import { readerContext, startSourceOf } from '../support/source-reader-context.ts';
import type { SourceDump, SourceServer } from '../support/source-server.ts';

const FULL = '10.5281/zenodo.3516917';
const DIFF = '10.5281/zenodo.6419021';
const tarOf = (text: string): Buffer => buildTar([{ name: 'project/part-00000.json.gz', content: text }]);
const DUMP: SourceDump = {
  name: 'project.tar',
  bytes: tarOf('projects'),
  date: '2026-09-01',
  others: [
    { name: 'organization.tar', bytes: tarOf('organizations') },
    { name: 'publication_1.tar', bytes: tarOf('publications') },
    { name: 'project.tar.md5', bytes: Buffer.from('0') },
  ],
};

const startAt = (doi: string, dump: SourceDump = DUMP): Promise<SourceServer> => startSourceOf({ dumps: [dump], doi });

async function locate(
  reader: SourceReader,
  source: SourceServer,
  args: object = {},
  context = readerContext(),
): Promise<SourceVersion> {
  const located = await reader.locate(reader.args.parse({ base_url: source.url, ...args }), context);
  if ('nothingNew' in located) throw new Error(located.nothingNew);
  return located;
}

describe('openaire-http', () => {
  it('finds the newest tar of its dataset by the concept DOI and fetches it as announced', async () => {
    const source = await startAt(FULL);
    const args = openaireHttp.args.parse({ base_url: source.url, tar_hrefs: ['/organization.tar'] });
    const version = await locate(openaireHttp, source, { tar_hrefs: ['/organization.tar'] });
    expect(version).toMatchObject({ name: 'organization.tar', version: '2026-09-01', published: '2026-09-01' });
    const [file] = await openaireHttp.fetch(version, args, readerContext());
    expect(readFileSync(file?.path ?? '').equals(tarOf('organizations'))).toBe(true);
    expect(source.requests[0]?.path).toBe(`/${FULL}`);
  });

  it('asks the dataset of `origin`, of which the one of new projects never means removal', async () => {
    const source = await startAt(DIFF);
    expect(await locate(openaireHttp, source, { origin: 'diff' })).toMatchObject({ name: 'project.tar' });
    expect(source.requests[0]?.path).toBe(`/${DIFF}`);
    expect(coverageOf(openaireHttp, openaireHttp.args.parse({ origin: 'diff' }))).toBe('incremental');
    expect(coverageOf(openaireHttp, openaireHttp.args.parse({ origin: 'full' }))).toBe('full');
    expect(openaireHttp.args.safeParse({ origin: 'all' }).success).toBe(false);
  });

  it('takes the first end that fits exactly one tar, under its newer name too', async () => {
    const source = await startAt(DIFF, { ...DUMP, name: 'projects.tar' });
    const ends = { origin: 'diff', tar_hrefs: ['/project.tar', '/projects.tar'] };
    expect(await locate(openaireHttp, source, ends)).toMatchObject({ name: 'projects.tar' });
    expect(await locate(openaireHttp, source, { origin: 'diff', tar_href: '/projects.tar' })).toMatchObject({
      name: 'projects.tar',
    });
    const error = await failureOf(locate(openaireHttp, source, { origin: 'diff', tar_hrefs: ['.tar', '/x.tar'] }));
    expect(error.code).toBe('E_SOURCE_AMBIGUOUS');
    expect(error.message).toContain('ends in .tar or /x.tar');
    expect(error.message).toContain('found 3. It offers: projects.tar (application/x-tar), organization.tar');
  });

  it('knows a new version whatever its date, and leaves an older one out by a written `since` alone', async () => {
    const source = await startAt(FULL);
    const before = await locate(openaireHttp, source);
    expect(await locate(openaireHttp, source)).toEqual(before);
    source.publish({ ...DUMP, bytes: tarOf('others'), date: '2026-08-01' });
    const after = await locate(openaireHttp, source);
    expect(after.identity).not.toBe(before.identity);
    const watermark = readerContext({ since: { time: new Date('2026-10-01'), origin: 'watermark' } });
    expect(await locate(openaireHttp, source, {}, watermark)).toEqual(after);
    const manual = readerContext({ since: { time: new Date('2026-10-01'), origin: 'manual' } });
    await expect(locate(openaireHttp, source, {}, manual)).rejects.toThrow('is older than since');
  });
});

describe('openaire-project-http', () => {
  it('is the older name, which reads projects and is said to be one', async () => {
    const source = await startAt(DIFF, { ...DUMP, name: 'projects.tar' });
    expect(await locate(openaireProjectHttp, source, { origin: 'diff' })).toMatchObject({ name: 'projects.tar' });
    expect(openaireProjectHttp.deprecated).toContain('"openaire-http"');
  });
});
