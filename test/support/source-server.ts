/**
 * A local source that speaks what Zenodo speaks for a concept DOI: DOI → redirects → landing page of the newest record
 * with a `Link` header → linkset (RFC 9264) and JSON-LD from one address by `Accept` → the file with Range and ETag.
 *
 *   const source = await startSourceServer({ dumps: [{ name: 'v2.9-2026-06-23-ror-data.zip', path, date: '2026-06-23' }] });
 *   // in a job: { "type": "ror-http", "args": { "base_url": source.url } }
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createFaults, faultOf, type Fault, type FaultKind, type SourcePlace } from './source-faults.ts';
import { sendFile, toSourceFile, type SourceFile, type SourceFileOptions } from './source-file.ts';
import { listenLocally } from './listen-locally.ts';

const CONCEPT_DOI = '10.5281/zenodo.6347574';

/** A record with its dump. Give `path` or `bytes`. */
export interface SourceDump extends SourceFileOptions {
  /** `dateCreated` of the JSON-LD: a date or a time. Null = the JSON-LD has none. */
  readonly date: string | null;
  /** Put the date into `datePublished` in place of `dateCreated`. */
  readonly dateIsPublished?: boolean;
  /** Further files of the record. */
  readonly others?: readonly SourceFileOptions[];
}

interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly place: SourcePlace | 'other';
  readonly headers: IncomingMessage['headers'];
}

export interface SourceServer {
  /** `http://127.0.0.1:PORT`: the `base_url` of the reader. */
  readonly url: string;
  readonly requests: RecordedRequest[];
  /** The address of a file of the newest record. */
  fileUrl(name?: string): string;
  /** Publishes another record; the concept DOI leads to it from now on. */
  publish(dump: SourceDump): void;
  /** Replaces the newest record in place: the same address, other content. */
  replace(dump: SourceDump): void;
  /** Serves another plain file at the path from now on. */
  put(path: string, file: SourceFileOptions): void;
  addFault(fault: Fault): void;
  clearFaults(): void;
  close(): Promise<void>;
}

interface SourceRecord {
  readonly id: number;
  readonly dump: SourceDump;
  readonly files: readonly SourceFile[];
}

export async function startSourceServer(options: {
  readonly dumps: readonly SourceDump[];
  readonly faults?: readonly Fault[];
  /** The one DOI that it resolves. */
  readonly doi?: string;
  /** Plain files besides, by path: `/data/projects.zip`. */
  readonly files?: Readonly<Record<string, SourceFileOptions>>;
}): Promise<SourceServer> {
  const records: SourceRecord[] = [];
  const files = new Map(Object.entries(options.files ?? {}).map(([path, file]) => [path, toSourceFile(file)]));
  const requests: RecordedRequest[] = [];
  const faults = createFaults(options.faults ?? []);
  const publish = (dump: SourceDump): void => {
    records.push(toRecord(20_000_001 + records.length, dump));
  };
  options.dumps.forEach(publish);
  const newest = (): SourceRecord =>
    records.at(-1) ?? toRecord(0, { name: 'none.zip', bytes: Buffer.alloc(0), date: null });

  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const plain = files.get(path);
    const route =
      plain === undefined
        ? routeOf(path, request, records, newest(), options.doi ?? CONCEPT_DOI)
        : fileRoute(plain, request);
    requests.push({ method: request.method ?? '', path, place: route?.place ?? 'other', headers: request.headers });
    if (route === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('no such address');
      return;
    }
    const struck = faults.strike(route.place, request);
    if (!answerFault(struck, response)) void route.answer(response, struck, url);
  });
  const url = await listenLocally(server);
  return {
    url,
    requests,
    fileUrl: (name = newest().dump.name) => `${url}/records/${String(newest().id)}/files/${encodeURIComponent(name)}`,
    publish,
    replace: (dump) => {
      records[records.length - 1] = toRecord(newest().id, dump);
    },
    put: (path, file) => {
      files.set(path, toSourceFile(file));
    },
    addFault: (fault) => {
      faults.add(fault);
    },
    clearFaults: () => {
      faults.clear();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function toRecord(id: number, dump: SourceDump): SourceRecord {
  return { id, dump, files: [toSourceFile(dump), ...(dump.others ?? []).map(toSourceFile)] };
}

interface Route {
  readonly place: SourcePlace;
  answer(response: ServerResponse, faults: readonly FaultKind[], url: string): Promise<void> | void;
}

function routeOf(
  path: string,
  request: IncomingMessage,
  records: readonly SourceRecord[],
  newest: SourceRecord,
  doi: string,
): Route | undefined {
  const { pathname } = new URL(path, 'http://localhost');
  if (pathname === `/${doi}`) return redirectRoute('doi', `/doi/${doi}`);
  if (pathname === `/doi/${doi}`) return redirectRoute('landing', `/records/${String(newest.id)}`);
  const match = /^\/(api\/)?records\/(\d+)(?:\/files\/([^/]+))?$/.exec(pathname);
  const record = records.find(({ id }) => String(id) === match?.[2]);
  if (match === null || record === undefined) return undefined;
  if (match[3] !== undefined) {
    const file = record.files.find(({ name }) => name === decodeURIComponent(match[3] ?? ''));
    if (file === undefined) return undefined;
    return fileRoute(file, request);
  }
  if (match[1] === undefined)
    return {
      place: 'landing',
      answer: (response, _, url) => {
        sendLanding(record, response, url);
      },
    };
  const isLinkset = request.headers.accept === 'application/linkset+json';
  return {
    place: isLinkset ? 'linkset' : 'json-ld',
    answer: (response, _, url) => {
      sendJson(response, request.headers.accept ?? '', isLinkset ? linksetOf(record, url) : jsonLdOf(record));
    },
  };
}

function fileRoute(file: SourceFile, request: IncomingMessage): Route {
  return { place: 'file', answer: (response, faults) => sendFile(file, request, response, faults) };
}

function redirectRoute(place: SourcePlace, location: string): Route {
  return {
    place,
    answer: (response) => {
      response.writeHead(302, { location }).end('<!DOCTYPE HTML><title>Redirecting</title>');
    },
  };
}

function sendLanding(record: SourceRecord, response: ServerResponse, url: string): void {
  const id = String(record.id);
  const links = [
    `<https://orcid.org/0000-0001-0000-0000> ; rel="author"`,
    ...record.files.map((file) => `<${fileUrlOf(record, file, url)}> ; rel="item" ; type="${file.type}"`),
    `<${url}/api/records/${id}> ; rel="describedby" ; type="application/ld+json"`,
    `<${url}/api/records/${id}> ; rel="linkset" ; type="application/linkset+json"`,
  ];
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', link: links.join(' , ') });
  response.end(`<!DOCTYPE html><html><head><title>Record ${id}</title></head><body>A record</body></html>`);
}

function linksetOf(record: SourceRecord, url: string): unknown {
  const api = `${url}/api/records/${String(record.id)}`;
  const landing = `${url}/records/${String(record.id)}`;
  return {
    linkset: [
      {
        anchor: landing,
        'cite-as': [{ href: `https://doi.org/10.5281/zenodo.${String(record.id)}` }],
        describedby: ['application/json', 'application/ld+json', 'application/marcxml+xml'].map((type) => ({
          href: api,
          type,
        })),
        item: record.files.map((file) => ({ href: fileUrlOf(record, file, url), type: file.type })),
      },
      ...record.files.map((file) => ({
        anchor: fileUrlOf(record, file, url),
        collection: [{ href: landing, type: 'text/html' }],
      })),
      { anchor: api, describes: [{ href: landing, type: 'text/html' }] },
    ],
  };
}

function jsonLdOf(record: SourceRecord): unknown {
  const { date, dateIsPublished = false } = record.dump;
  const dates = date === null ? {} : { [dateIsPublished ? 'datePublished' : 'dateCreated']: date };
  return { '@context': 'http://schema.org', '@type': 'https://schema.org/Dataset', name: 'ROR Data', ...dates };
}

function fileUrlOf(record: SourceRecord, file: SourceFile, url: string): string {
  return `${url}/records/${String(record.id)}/files/${encodeURIComponent(file.name)}`;
}

function sendJson(response: ServerResponse, type: string, value: unknown): void {
  response.writeHead(200, { 'content-type': type }).end(JSON.stringify(value));
}

/** Faults that replace the answer altogether. */
function answerFault(faults: readonly FaultKind[], response: ServerResponse): boolean {
  const status = faultOf(faults, 'status');
  if (status !== undefined) {
    response.writeHead(status.status, {
      'content-type': status.html === true ? 'text/html' : 'text/plain',
      ...status.headers,
    });
    response.end(status.html === true ? '<!DOCTYPE html><html><body><h1>Sign in to go on</h1></body></html>' : 'no');
    return true;
  }
  const redirect = faultOf(faults, 'redirect');
  if (redirect === undefined) return false;
  response.writeHead(302, { location: redirect.location }).end();
  return true;
}
