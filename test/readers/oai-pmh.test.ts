/** Harvests of a local OAI-PMH server, with the faults of real ones. */
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { oaiPmh } from '../../readers/oai-pmh.ts';
import type { FetchContext, FetchedFile, NothingNew, Since, SourceVersion } from '../../src/component/reader.ts';
import { createBundles } from '../../src/bundle/create-bundles.ts';
import type { Resource } from '../../src/component/resource.ts';
import { isFailure, type ReadItem } from '../../src/records/entry.ts';
import { fileResource } from '../../src/spool/file-resource.ts';
import { startOaiServer, type OaiRecord, type OaiServer, type OaiServerOptions } from '../support/oai-server.ts';
import { bytesResource, errorOf, outline, readRecords, testContext } from '../support/read-resource.ts';
import { readerContext, type TestContext } from '../support/source-reader-context.ts';
import { tempDir } from '../support/temp-dir.ts';

const records: readonly OaiRecord[] = Array.from({ length: 8 }, (_, i) => ({
  identifier: `oai:example.org:${String(i)}`,
  datestamp: `2026-01-0${String(i + 1)}T12:00:00Z`,
  sets: i % 2 === 0 ? ['even', 'all'] : ['all'],
}));

async function serve(options: Partial<OaiServerOptions> = {}): Promise<OaiServer> {
  const server = await startOaiServer({ records, ...options });
  onTestFinished(() => server.close());
  return server;
}

function contextOf(options: { since?: Since; spool?: string } = {}): TestContext {
  const context = readerContext(options);
  return { ...context, services: { ...context.services, bundles: createBundles(options.spool ?? tempDir()) } };
}

const manual = (time: string): Since => ({ time: new Date(time), origin: 'manual' });

interface Harvested {
  readonly files: readonly FetchedFile[];
  readonly items: readonly ReadItem[];
}

async function locate(args: object, context: FetchContext): Promise<SourceVersion> {
  const located = await oaiPmh.locate(oaiPmh.args.parse(args), context);
  if ('nothingNew' in located) throw new Error(located.nothingNew);
  return located;
}

async function fetch(version: SourceVersion, args: object, context: FetchContext): Promise<Harvested> {
  const files = await oaiPmh.fetch(version, oaiPmh.args.parse(args), context);
  const [file] = files;
  if (file === undefined) throw new Error('nothing was fetched');
  return { files, items: await readRecords(oaiPmh, fileResource(file), args) };
}

async function harvest(args: object, context = contextOf()): Promise<Harvested> {
  return fetch(await locate(args, context), args, context);
}

function headers(items: readonly ReadItem[]): (string | undefined)[] {
  return items.map((item) => {
    if (isFailure(item)) return item.error.code;
    const { header } = item.value as { header: { identifier: string } };
    return `${header.identifier.replace('oai:example.org:', '')}${item.isDeleted === true ? ' deleted' : ''}`;
  });
}

const lists = (server: OaiServer) => server.requests.filter(({ verb }) => verb === 'ListRecords');

describe('a harvest', () => {
  it('gives every record with its header, as XML that stands by itself', async () => {
    const server = await serve();
    const { items } = await harvest({ base_url: server.url });
    expect(items.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(lists(server)).toHaveLength(3);
    const [first] = items;
    expect(first).toMatchObject({
      value: {
        header: { identifier: 'oai:example.org:0', datestamp: '2026-01-01T12:00:00Z', set_spec: ['even', 'all'] },
      },
    });
    const { record } = (first as { value: { record: string } }).value;
    expect(record).toMatch(
      /^<record xmlns="http:\/\/www.openarchives.org\/OAI\/2.0\/" xmlns:xsi="[^"]+"><header>.*<dc:title>oai:example\.org:0<\/dc:title>.*<\/record>$/,
    );
  });

  it('asks for a format, a set and dates, as they are configured', async () => {
    const server = await serve();
    const args = {
      base_url: server.url,
      metadata_prefix: 'marc21',
      set: 'even',
      from_date: '2026-01-02',
      until_date: '2026-01-05 13:00',
    };
    expect(headers((await harvest(args)).items)).toEqual(['2', '4']);
    expect(lists(server)[0]).toEqual({
      verb: 'ListRecords',
      metadataPrefix: 'marc21',
      set: 'even',
      from: '2026-01-02T00:00:00Z',
      until: '2026-01-05T13:00:00Z',
    });
  });

  it('begins where the last run began, in days where the server knows no more', async () => {
    const server = await serve({ granularity: 'YYYY-MM-DD' });
    const { items } = await harvest({ base_url: server.url }, contextOf({ since: manual('2026-01-07T18:00:00Z') }));
    expect(headers(items)).toEqual(['6', '7']);
    expect(lists(server)[0]).toMatchObject({ from: '2026-01-07' });
  });

  it('asks for everything where since is before the first record of the server', async () => {
    const server = await serve({ earliestDatestamp: '2025-12-31T00:00:00Z' });
    await harvest({ base_url: server.url }, contextOf({ since: manual('1999-01-01') }));
    expect(lists(server)[0]).not.toHaveProperty('from');
  });

  it('has nothing new where no record matches since then', async () => {
    const server = await serve();
    const context = contextOf({ since: manual('2026-02-01') });
    const located = (await oaiPmh.locate(oaiPmh.args.parse({ base_url: server.url }), context)) as NothingNew;
    expect(located.nothingNew).toBe('A test & more says that nothing changed since 2026-02-01T00:00:00Z.');
    server.addFault({ kind: 'error-status', status: 422 });
    expect(await oaiPmh.locate(oaiPmh.args.parse({ base_url: server.url }), context)).toHaveProperty('nothingNew');
  });

  it('has nothing new where the list is empty in place of noRecordsMatch', async () => {
    const server = await serve({ listsNothing: true });
    const context = contextOf({ since: manual('2026-02-01') });
    expect(await oaiPmh.locate(oaiPmh.args.parse({ base_url: server.url }), context)).toHaveProperty('nothingNew');
  });

  it('asks for a day more than the last run left, for records that appear late', async () => {
    const server = await serve();
    const since: Since = { time: new Date('2026-01-07T18:00:00Z'), origin: 'watermark' };
    await harvest({ base_url: server.url }, contextOf({ since }));
    expect(lists(server)[0]).toMatchObject({ from: expect.stringMatching(/^2026-01-06T1[78]:/) as string });
  });

  it.each([{ from_date: '2026-01-07 18:00' }, { until_date: '2026-01-07 18:00' }])(
    'asks in days where the server declares seconds and refuses them: %j',
    async (dates) => {
      const server = await serve({ refusesSeconds: true });
      const context = contextOf();
      const { items } = await harvest({ base_url: server.url, ...dates }, context);
      expect(headers(items)).toEqual('from_date' in dates ? ['6', '7'] : ['0', '1', '2', '3', '4', '5', '6']);
      expect(context.warnings.map(({ code }) => code)).toContain('W_OAI_GRANULARITY');
      server.requests.length = 0;
      await harvest({ base_url: server.url, ...dates, granularity: 'day' });
      expect(server.requests.filter((asked) => JSON.stringify(asked).includes('T18'))).toEqual([]);
    },
  );

  it('ends where the list has fewer records than its completeListSize, unless that is an estimate', async () => {
    const server = await serve();
    const page = (token: string, id: string): string =>
      `<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><header><identifier>${id}</identifier></header></record><resumptionToken completeListSize="3">${token}</resumptionToken></ListRecords></OAI-PMH>`;
    const answerTwice = (): void => {
      server.addFault({ kind: 'body', type: 'text/xml', body: page('t', 'a') }, { verb: 'ListRecords', times: 1 });
      server.addFault({ kind: 'body', type: 'text/xml', body: page('', 'b') }, { withToken: true, times: 1 });
    };
    answerTwice();
    const error = await errorOf(harvest({ base_url: server.url }));
    expect(error).toMatchObject({ code: 'E_SOURCE_INCOMPLETE', details: { count: 2, announced: 3 } });
    answerTwice();
    const context = contextOf();
    expect((await harvest({ base_url: server.url, list_size: 'estimate' }, context)).items).toHaveLength(2);
    expect(context.warnings.map(({ code }) => code)).toContain('W_OAI_LIST_SIZE');
  });

  it.each(['\n\n ', '\ufeff\r\n', '\n\ufeff'])('reads answers with %j before the XML declaration', async (blank) => {
    const server = await serve();
    const record = '<record><header><identifier>x</identifier></header><metadata><t>Zürich</t></metadata></record>';
    const body = `<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>${record}</ListRecords></OAI-PMH>`;
    server.addFault({ kind: 'body', type: 'text/xml', body: blank + body }, { verb: 'ListRecords' });
    const context = contextOf();
    const { items } = await harvest({ base_url: server.url }, context);
    expect(JSON.stringify(items)).toContain('Zürich');
    expect(context.warnings.map(({ code }) => code)).toContain('W_XML_BLANK_START');
  });

  it('of an empty repository is empty', async () => {
    const server = await serve({ records: [] });
    expect((await harvest({ base_url: server.url })).items).toEqual([]);
  });

  it('hands on what was deleted', async () => {
    const server = await serve();
    server.put({ identifier: 'oai:example.org:3', datestamp: '2026-02-01T00:00:00Z', isDeleted: true });
    const { items } = await harvest({ base_url: server.url }, contextOf({ since: manual('2026-01-08') }));
    expect(headers(items)).toEqual(['7', '3 deleted']);
    expect(items[1]).toMatchObject({
      value: { header: { status: 'deleted' }, record: expect.stringContaining('<header status="deleted">') as string },
    });
  });

  it('warns of a repository that does not keep what was deleted', async () => {
    const context = contextOf();
    await harvest({ base_url: (await serve({ deletedRecord: 'no' })).url }, context);
    expect(context.warnings).toEqual([
      {
        code: 'W_OAI_DELETIONS',
        message: 'A test & more does not tell which records were deleted: they may stay published.',
      },
    ]);
  });

  it('fetches each record by itself where it is told to', async () => {
    const server = await serve();
    server.put({ identifier: 'oai:example.org:1', datestamp: '2026-02-01T00:00:00Z', isDeleted: true });
    const { items } = await harvest({ base_url: server.url, verb: 'GetRecord' });
    expect(headers(items)).toEqual(['0', '2', '3', '4', '5', '6', '7', '1 deleted']);
    expect(server.requests.filter(({ verb }) => verb === 'GetRecord')).toHaveLength(7);
    expect(items[0]).toMatchObject({ value: { record: expect.stringContaining('<dc:title>') as string } });
  });

  it('gives the same digest for the same records, whenever they are asked for', async () => {
    const server = await serve();
    const digests = [await harvest({ base_url: server.url }), await harvest({ base_url: server.url })].map(
      ({ files }) => files[0]?.digest,
    );
    expect(digests[0]).toBe(digests[1]);
    server.put({ identifier: 'oai:example.org:9', datestamp: '2026-02-01T00:00:00Z' });
    expect((await harvest({ base_url: server.url })).files[0]?.digest).not.toBe(digests[0]);
  });
});

describe('a harvest that breaks off', () => {
  it('goes on behind the last page that is complete', async () => {
    const server = await serve();
    const context = contextOf();
    const args = { base_url: server.url };
    const version = await locate(args, context);
    server.addFault({ kind: 'status', status: 503, headers: { 'retry-after': '3600' } }, { withToken: true });
    const error = await errorOf(fetch(version, args, context));
    expect(error).toMatchObject({ code: 'E_SOURCE_RATE_LIMITED', retryAfter: 3_600_000 });
    const before = lists(server).length;
    server.clearFaults();
    const { items } = await fetch(version, args, context);
    expect(headers(items)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
    expect(lists(server).slice(before)).toHaveLength(2);
    expect(lists(server)[before]).toHaveProperty('resumptionToken');
    await fetch(version, args, context);
    expect(lists(server)).toHaveLength(before + 2);
  });

  it('begins anew where the server no longer knows its token, and gives no record twice', async () => {
    const server = await serve();
    server.addFault({ kind: 'refuse-token' }, { withToken: true, times: 1 });
    server.addFault({ kind: 'error-status', status: 422 });
    expect(headers((await harvest({ base_url: server.url })).items)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
    expect(lists(server)).toHaveLength(5);
  });

  it('and whose token is refused again and again ends with its reason', async () => {
    const server = await serve();
    server.addFault({ kind: 'refuse-token' }, { withToken: true });
    const error = await errorOf(harvest({ base_url: server.url }));
    expect([error.code, error.message]).toEqual([
      'E_OAI_TOKEN_REFUSED',
      expect.stringContaining('refused the resumption token of its own list 3 times'),
    ]);
  });

  it('waits as long as it is asked to, where that is short', async () => {
    const server = await serve();
    server.addFault({ kind: 'status', status: 503, headers: { 'retry-after': '1' } }, { withToken: true, times: 1 });
    server.addFault({ kind: 'status', status: 429, headers: { 'retry-after': '0' } }, { verb: 'Identify', times: 2 });
    expect((await harvest({ base_url: server.url })).items).toHaveLength(8);
  });

  it('asks again where the connection was cut', async () => {
    const server = await serve();
    server.addFault({ kind: 'cut' }, { withToken: true, times: 1 });
    expect((await harvest({ base_url: server.url })).items).toHaveLength(8);
  });
});

describe('a server that', () => {
  const page = (content: string) => `<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">${content}</OAI-PMH>`;

  it.each([
    [
      'repeats its token',
      { kind: 'repeat-token' },
      { withToken: true },
      'E_OAI_TOKEN_REPEATED',
      /gave a resumption token a second time, on page 2/,
    ],
    [
      'answers with a page for people',
      { kind: 'body', body: '<!DOCTYPE html><html><body>Sign in</body></html>' },
      {},
      'E_SOURCE_UNEXPECTED',
      /that is no OAI-PMH answer/,
    ],
    [
      'answers with a page that is no XML',
      { kind: 'body', body: '<html><br><p>Sorry</html>' },
      {},
      'E_SOURCE_UNEXPECTED',
      /that is no OAI-PMH answer/,
    ],
    [
      'answers with nothing',
      { kind: 'body', body: '', type: 'text/xml' },
      {},
      'E_SOURCE_UNEXPECTED',
      /no OAI-PMH answer/,
    ],
    [
      'answers with JSON',
      { kind: 'body', body: '{}', type: 'application/json' },
      {},
      'E_SOURCE_UNEXPECTED',
      /application\/json that is no OAI-PMH/,
    ],
    [
      'is not there',
      { kind: 'body', body: '<html>gone</html>', status: 404 },
      {},
      'E_SOURCE_NOT_FOUND',
      /answered 404/,
    ],
    ['forbids it', { kind: 'status', status: 403 }, {}, 'E_SOURCE_NOT_FOUND', /answered 403/],
    ['is broken for now', { kind: 'status', status: 500 }, {}, 'E_SOURCE_UNAVAILABLE', /500/],
    [
      'sends half of its XML',
      { kind: 'body', body: '<OAI-PMH><ListRecords><record>', type: 'text/xml' },
      { verb: 'ListRecords' },
      'E_OAI_ANSWER',
      /it ends in the middle/,
    ],
    [
      'crosses its tags',
      { kind: 'body', body: page('<ListRecords><record></ListRecords></record>'), type: 'text/xml' },
      { verb: 'ListRecords' },
      'E_OAI_ANSWER',
      /ListRecords/,
    ],
    [
      'declares entities',
      { kind: 'body', body: `<!DOCTYPE a [<!ENTITY b "c">]>${page('')}`, type: 'text/xml' },
      { verb: 'ListRecords' },
      'E_OAI_ANSWER',
      /DOCTYPE/,
    ],
    [
      'lies about its encoding',
      { kind: 'body', body: `<?xml version="1.0" encoding="utf-16"?>${page('')}`, type: 'text/xml' },
      { verb: 'ListRecords' },
      'E_OAI_ANSWER',
      /utf-16/,
    ],
  ] as const)('%s', async (_what, fault, at, code, message) => {
    const server = await serve();
    server.addFault(fault, at);
    const error = await errorOf(harvest({ base_url: server.url }));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
  });

  it.each([
    [{ metadata_prefix: 'mods' }, 'cannotDisseminateFormat (no format mods)'],
    [{ set: 'none' }, undefined],
  ])('refuses %j: it is the config that is wrong', async (args, message) => {
    const server = await serve();
    if (message === undefined) {
      expect((await harvest({ base_url: server.url, ...args })).items).toEqual([]);
      return;
    }
    const error = await errorOf(harvest({ base_url: server.url, ...args }));
    expect([error.code, error.kind]).toEqual(['E_OAI_REFUSED', 'config']);
    expect(error.message).toContain(message);
  });

  it('gives more pages than are allowed is stopped', async () => {
    const error = await errorOf(harvest({ base_url: (await serve({ pageSize: 1 })).url, max_pages: 3 }));
    expect([error.code, error.message]).toEqual(['E_SOURCE_TOO_LARGE', expect.stringContaining('max_pages, 3')]);
    const large = await errorOf(harvest({ base_url: (await serve()).url, max_page_bytes: 700 }));
    expect(large.code).toBe('E_SOURCE_TOO_LARGE');
  });

  it('sends a record in another encoding than its own loses that record only', async () => {
    const bad = Buffer.from('<dc><title>Universit\xe4t</title></dc>', 'latin1').toString('latin1');
    const records = ['a', 'b'].map((id) => ({
      identifier: id,
      datestamp: '2026-01-01T00:00:00Z',
      metadata: `<m>${id}</m>`,
    }));
    const server = await serve({ records });
    const good = await (await globalThis.fetch(`${server.url}?verb=ListRecords&metadataPrefix=oai_dc`)).text();
    server.addFault(
      { kind: 'body', body: Buffer.from(good.replace('<m>a</m>', bad), 'latin1'), type: 'text/xml' },
      { verb: 'ListRecords' },
    );
    const { items } = await harvest({ base_url: server.url });
    expect(headers(items)).toEqual(['E_XML_ENCODING', 'b']);
    expect(items[0]).toMatchObject({
      position: 0,
      error: { message: expect.stringContaining('Record 0, a, cannot be read') as string },
    });
    server.clearFaults();
    const declared = good.replace('encoding="UTF-8"', 'encoding="ISO-8859-1"').replace('<m>a</m>', bad);
    server.addFault({ kind: 'body', body: Buffer.from(declared, 'latin1'), type: 'text/xml' }, { verb: 'ListRecords' });
    const [first] = (await harvest({ base_url: server.url })).items;
    expect(first).toMatchObject({ value: { record: expect.stringContaining('Universität') as string } });
  });
});

it('a page that ends in HTML is told with its number, and a record without an identifier is one rejection', async () => {
  const server = await serve();
  server.addFault({ kind: 'body', body: '<!DOCTYPE html><html><body>Sorry</body></html>' }, { withToken: true });
  const error = await errorOf(harvest({ base_url: server.url }));
  expect(error.message).toContain('(page 2 of the list) answered with text/html that is no OAI-PMH answer');
  server.clearFaults();
  const body = await (await globalThis.fetch(`${server.url}?verb=ListRecords&metadataPrefix=oai_dc`)).text();
  const damaged = body
    .replace(/<resumptionToken.*<\/resumptionToken>/, '')
    .replace('<identifier>oai:example.org:1</identifier>', '');
  server.addFault({ kind: 'body', body: damaged, type: 'text/xml' }, { verb: 'ListRecords' });
  const { items } = await harvest({ base_url: server.url });
  expect(headers(items)).toEqual(['0', 'E_RECORD_SYNTAX', '2']);
  expect(items[1]).toMatchObject({
    position: 1,
    error: { message: 'Record 1 cannot be read: its <header> has no <identifier>.' },
  });
});

describe('a saved answer', () => {
  const answer = `\uFEFF<?xml version="1.0"?>
<!-- saved --><o:OAI-PMH xmlns:o="http://www.openarchives.org/OAI/2.0/"><o:GetRecord><o:record a="1"><o:header
 status='deleted'><o:identifier> oai:x:1&amp;2 </o:identifier><o:datestamp>2026-01-01</o:datestamp></o:header></o:record></o:GetRecord></o:OAI-PMH>`;

  it('is read in place of the server, whatever its prefix', async () => {
    const [item] = await readRecords(oaiPmh, bytesResource(answer), { base_url: 'http://localhost/' });
    expect(item).toMatchObject({
      isDeleted: true,
      value: {
        header: { identifier: 'oai:x:1&2', datestamp: '2026-01-01', set_spec: [], status: 'deleted' },
        record: expect.stringMatching(/^<o:record xmlns:o="[^"]+" a="1">/) as string,
      },
    });
  });

  const saved = (records: string, declared = ''): Resource =>
    bytesResource(`<OAI-PMH ${declared}><ListRecords>${records}</ListRecords></OAI-PMH>`, [65_536], 'saved.xml');
  const record = (id: string, metadata = '', specs = ''): string =>
    `<record><header><identifier>${id}</identifier>${specs}</header><metadata>${metadata}</metadata></record>`;
  const readSaved = (input: Resource) => readRecords(oaiPmh, input, { base_url: 'http://localhost/' });

  it(
    'with a record of very many sets is read in the time that it takes to read them',
    { timeout: 120_000 },
    async () => {
      const before = process.cpuUsage();
      const items = await readSaved(saved(record('a', '', '<setSpec>s</setSpec>'.repeat(80_000)) + record('b')));
      expect(headers(items)).toEqual(['a', 'b']);
      // Half a second; with a copy of all sets before for each set, over half a minute.
      expect(process.cpuUsage(before).user / 1e6).toBeLessThan(10);
    },
  );

  it('with a record that is nested very deep is left to whoever reads that record', async () => {
    const deep = '<a>'.repeat(100_000) + '</a>'.repeat(100_000);
    expect(headers(await readSaved(saved(record('a') + record('b', deep) + record('c'))))).toEqual(['a', 'b', 'c']);
  });

  it('does not grow without limit by what it declares around its records', async () => {
    const declared = Array.from({ length: 2000 }, (_, i) => `xmlns:n${String(i)}="http://localhost/"`).join(' ');
    expect(headers(await readSaved(saved(record('a'), declared)))).toEqual(['a']);
    const many = Array.from({ length: 1000 }, (_, i) => record(String(i))).join('');
    const error = await errorOf(readSaved(saved(many, declared)));
    expect([error.code, error.message]).toEqual(['E_OAI_ANSWER', expect.stringContaining('too many namespaces')]);
  });

  it('that is something else is refused', async () => {
    const error = await errorOf(
      readRecords(oaiPmh, bytesResource('<rdf/>', [9], 'dump.xml'), { base_url: 'http://localhost/' }),
    );
    expect([error.code, error.message]).toEqual(['E_SOURCE_UNEXPECTED', expect.stringContaining('in dump.xml')]);
  });
});

it('gives exactly the rest from any position', async () => {
  const server = await serve();
  const { files, items } = await harvest({ base_url: server.url });
  const [file] = files;
  if (file === undefined) throw new Error('nothing was fetched');
  for (let from = 0; from <= 9; from++) {
    const rest = await readRecords(oaiPmh, fileResource(file), { base_url: server.url }, testContext({ from }));
    expect(outline(rest)).toEqual(outline(items.slice(from)));
  }
  expect(readFileSync(file.path).length).toBe(file.bytes);
});

it('refuses dates that are none, and an address with a password', () => {
  const issues = (args: object) =>
    oaiPmh.args.safeParse({ base_url: 'https://example.org/oai', ...args }).error?.issues[0]?.message;
  expect(issues({ from_date: '2026-02-30' })).toContain('expected a day that exists');
  expect(issues({ until_date: 'none' })).toBe('expected a date or a time');
  expect(issues({ base_url: 'https://a:b@example.org/oai' })).toContain('without user name');
});
