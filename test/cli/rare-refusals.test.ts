/** What an operator reads where it goes wrong in a way that few will meet: each text with its code and what to do. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../src/error-codes.ts';
import { buildZip } from '../support/build-zip.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { startOaiServer } from '../support/oai-server.ts';
import { expectRemedy } from './expect-remedy.ts';
import { runWords, type RunResult } from './run-words.ts';

let cwd: string;
beforeEach(() => {
  cwd = makeTempDir('vocab-sync-rare-');
});
afterEach(() => {
  rmSync(cwd, { recursive: true, force: true });
});

function write(name: string, content: string | Buffer): string {
  const path = join(cwd, name);
  writeFileSync(path, content);
  return path;
}

function writeJob(readers: readonly object[], more: Readonly<Record<string, unknown>> = {}): string {
  const writers = [{ type: 'file', args: { path: 'out.jsonl' } }];
  return write('job.json', JSON.stringify({ id: 'rare', title: 'A job of a test', readers, writers, ...more }));
}

const preview = (job: string, ...words: string[]): Promise<RunResult> => runWords(['preview', job, ...words], { cwd });

function expectTold({ code, stderr }: RunResult, error: ErrorCode, text: string, exit: number): void {
  expect(stderr).toContain(text);
  expect(stderr).toContain(`code:        ${error}`);
  expectRemedy(stderr, ERROR_CODES[error].remedy);
  expect(code).toBe(exit);
}

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

describe('an error', () => {
  it('of a transformer that fails in a way it did not foresee costs that record alone', async () => {
    const part = `{ type: 'shout', version: 1, summary: 'Shouts', examples: [],
      args: z.strictObject({}),
      create: () => (record) => ({ ...record, name: record.name.toUpperCase() }) }`;
    write(
      'shout.mjs',
      `import { z } from '${pathToFileURL(createRequire(import.meta.url).resolve('zod')).href}'; export const transformers = [${part}];`,
    );
    const path = write('lines.jsonl', '{"id": "a", "name": "x"}\n{"id": "b"}\n');
    const job = writeJob([{ type: 'file', args: { path } }, { type: 'jsonl' }], { transformers: [{ type: 'shout' }] });
    const { stdout, stderr } = await runWords(['preview', job], { cwd, env: { VOCAB_SYNC_PLUGINS: './shout.mjs' } });
    expect(stderr).toContain('2 read');
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ record: { name: 'X' } });
    const message = expect.stringMatching(/^A transformer failed on this record: .*toUpperCase/) as string;
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ rejected: { code: 'E_RECORD_CRASH', message } });
  });

  it('of a source that names an address with a password, which is not repeated', async () => {
    const host = await serve((_request, response) => {
      response.setHeader('link', `<http://me:hunter2@${host}/set>; rel="linkset"; type="application/linkset+json"`);
      response.setHeader('content-type', 'text/html').end('<html></html>');
    });
    const readers = [{ type: 'ror-http', args: { base_url: `http://${host}` } }, { type: 'zip' }, { type: 'json' }];
    const result = await preview(writeJob(readers));
    const text = `The address http://${host}/set carries a user name or password; remove it: it would end up in logs.`;
    expectTold(result, 'E_URL_INVALID', text, 2);
    expect(`${result.stdout}${result.stderr}`).not.toContain('hunter2');
  });

  it('of a machine where the embedded PostgreSQL cannot run', async () => {
    vi.spyOn(process as { getuid: () => number }, 'getuid').mockReturnValue(0);
    vi.stubEnv('PATH', cwd);
    onTestFinished(() => {
      vi.restoreAllMocks();
      vi.unstubAllEnvs();
    });
    const result = await runWords(['dev'], { cwd, env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } });
    const text = 'PostgreSQL does not run as root, and this machine has neither a user "postgres" nor "nobody"';
    expectTold(result, 'E_EMBEDDED_UNSUPPORTED', text, 2);
  });
});

it('a home that is no folder is named, and is no bug', async () => {
  const home = write('home', 'a file');
  const { code, stderr } = await runWords(['dev'], { cwd, env: { VOCAB_SYNC_HOME: home } });
  expect(stderr).toMatch(
    /^error: A file or folder cannot be used: (ENOTDIR|EEXIST): .*Expected one that this user may read/m,
  );
  expect(stderr).toContain(home);
  expect(stderr).toContain('code:        E_FILE_NOT_FOUND');
  expect(code).toBe(2);
});

describe('a warning', () => {
  it('of a source that has nothing newer than the given since', async () => {
    const server = await startOaiServer({ records: [{ identifier: 'oai:x:1', datestamp: '2026-01-02T00:00:00Z' }] });
    onTestFinished(() => server.close());
    const job = writeJob([{ type: 'oai-pmh', args: { base_url: server.url } }]);
    const { code, stderr } = await preview(job, '--since', '2026-02-01');
    expect(stderr).toContain('W_NOTHING_NEW');
    expect(stderr).toContain('says that nothing changed since 2026-02-01T00:00:00Z.');
    expect(code).toBe(0);
  });

  it('of a record that was listed and then not there', async () => {
    const records = ['1', '2'].map((n) => ({ identifier: `oai:x:${n}`, datestamp: `2026-01-0${n}T00:00:00Z` }));
    const server = await startOaiServer({ records });
    onTestFinished(() => server.close());
    const error = '<error code="idDoesNotExist">gone</error>';
    const xmlns = 'http://www.openarchives.org/OAI/2.0/';
    const body = `<?xml version="1.0"?><OAI-PMH xmlns="${xmlns}"><responseDate>2026-01-05T00:00:00Z</responseDate><request>x</request>${error}</OAI-PMH>`;
    server.addFault({ kind: 'body', body, type: 'text/xml' }, { verb: 'GetRecord', times: 1 });
    const job = writeJob([{ type: 'oai-pmh', args: { base_url: server.url, verb: 'ListIdentifiers' } }]);
    const { stderr } = await preview(job);
    expect(stderr).toContain('W_OAI_RECORD_GONE');
    expect(stderr).toContain('oai:x:1 was listed and then not there: idDoesNotExist.');
    expect(stderr).toContain('1 read');
  });

  it('of a mapping that cannot be reached, where the source came from a file', async () => {
    const url = `http://${await serve((_request, response) => response.writeHead(503).end())}`;
    const input = write('projects.zip', buildZip([{ name: 'a.xml', content: '<project><id>1</id></project>' }]));
    const job = writeJob(
      [
        { type: 'cordis-project-http', args: { origin: 'HE' } },
        { type: 'zip', args: { regex: '\\.xml$' } },
        { type: 'xml', args: { root_element: 'project' } },
      ],
      { transformers: [{ type: 'cordis-award', args: { pic_mapping_params: { base_url: url } } }] },
    );
    const { stderr } = await preview(job, '--input', input);
    expect(stderr).toContain('W_LOOKUP_UNAVAILABLE');
    expect(stderr).toMatch(/pic_mapping\.csv cannot be reached, so nothing is looked up there: .*503/);
  }, 60_000);
});
