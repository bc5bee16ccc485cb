/**
 * A local OAI-PMH 2.0 server: all six verbs, sets, from and until in its granularity, resumption tokens, deleted records;
 * and what goes wrong with real ones, switched on per test.
 *
 *   const server = await startOaiServer({ records: [{ identifier: 'oai:x:1', datestamp: '2026-01-02T03:04:05Z', metadata: '…' }] });
 *   // in a job: { "type": "oai-pmh", "args": { "base_url": server.url } }
 */
import { createServer, type ServerResponse } from 'node:http';
import { listenLocally } from './listen-locally.ts';

export interface OaiRecord {
  readonly identifier: string;
  /** In seconds, with Z; told in the granularity of the server. */
  readonly datestamp: string;
  readonly sets?: readonly string[];
  readonly isDeleted?: boolean;
  /** XML of the metadata. Default: a Dublin Core record with the identifier as its title. */
  readonly metadata?: string;
}

type OaiFault =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Record<string, string> }
  /** This in place of the answer. */
  | { readonly kind: 'body'; readonly body: string | Buffer; readonly type?: string; readonly status?: number }
  /** The first half of the answer, then the connection is cut. */
  | { readonly kind: 'cut' }
  /** Gives the token that it was asked with. */
  | { readonly kind: 'repeat-token' }
  /** Does not know the token that it was asked with. */
  | { readonly kind: 'refuse-token' }
  /** Its OAI errors come with this status, as those of InvenioRDM do. */
  | { readonly kind: 'error-status'; readonly status: number };

interface ArmedFault {
  readonly fault: OaiFault;
  readonly verb?: string;
  /** Only where the question has a resumption token. */
  readonly withToken?: boolean;
  times: number;
}

export interface OaiServerOptions {
  readonly records: readonly OaiRecord[];
  readonly pageSize?: number;
  readonly granularity?: 'YYYY-MM-DD' | 'YYYY-MM-DDThh:mm:ssZ';
  readonly deletedRecord?: 'no' | 'transient' | 'persistent';
  readonly earliestDatestamp?: string;
  /** Refuses seconds although its granularity declares them. */
  readonly refusesSeconds?: boolean;
  /** An empty list in place of noRecordsMatch. */
  readonly listsNothing?: boolean;
}

export interface OaiServer {
  readonly url: string;
  /** The questions, by their parameters. */
  readonly requests: Readonly<Record<string, string>>[];
  /** In place of the record with its identifier, or besides the others. */
  put(record: OaiRecord): void;
  addFault(
    fault: OaiFault,
    at?: { readonly verb?: string; readonly withToken?: boolean; readonly times?: number },
  ): void;
  clearFaults(): void;
  close(): Promise<void>;
}

type Question = Readonly<Record<string, string>>;

const NAMESPACES = 'xmlns="http://www.openarchives.org/OAI/2.0/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
const FORMATS = new Set(['oai_dc', 'marc21']);

export async function startOaiServer(options: OaiServerOptions): Promise<OaiServer> {
  const records = new Map(options.records.map((record) => [record.identifier, record]));
  const requests: Question[] = [];
  let faults: ArmedFault[] = [];
  const server = createServer((request, response) => {
    const question = Object.fromEntries(new URL(request.url ?? '/', 'http://localhost').searchParams);
    requests.push(question);
    const struck = strike(faults, question);
    const refuses = struck.some(({ kind }) => kind === 'refuse-token');
    const answer = refuses
      ? oaiError('badResumptionToken', 'it has expired')
      : answerTo(question, [...records.values()], options);
    const repeats = struck.some(({ kind }) => kind === 'repeat-token');
    send(response, document(question, repeats ? withToken(answer, question['resumptionToken'] ?? '') : answer), struck);
  });
  const address = await listenLocally(server);
  return {
    url: `${address}/oai`,
    requests,
    put: (record) => {
      records.delete(record.identifier);
      records.set(record.identifier, record);
    },
    addFault: (fault, { times = Infinity, ...at } = {}) => {
      faults.push({ fault, times, ...at });
    },
    clearFaults: () => {
      faults = [];
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

function strike(faults: readonly ArmedFault[], question: Question): readonly OaiFault[] {
  const struck = faults.filter(
    ({ times, verb, withToken: needsToken = false }) =>
      times > 0 &&
      (verb === undefined || verb === question['verb']) &&
      (!needsToken || question['resumptionToken'] !== undefined),
  );
  for (const armed of struck) armed.times -= 1;
  return struck.map(({ fault }) => fault);
}

function answerTo(question: Question, records: readonly OaiRecord[], options: OaiServerOptions): string {
  switch (question['verb']) {
    case 'Identify':
      return identify(options);
    case 'ListMetadataFormats':
      return `<ListMetadataFormats>${[...FORMATS].map((prefix) => `<metadataFormat><metadataPrefix>${prefix}</metadataPrefix></metadataFormat>`).join('')}</ListMetadataFormats>`;
    case 'ListSets':
      return oaiError('noSetHierarchy', '');
    case 'GetRecord': {
      const found = records.find(({ identifier }) => identifier === question['identifier']);
      return found === undefined
        ? oaiError('idDoesNotExist', 'no such record')
        : `<GetRecord>${recordOf(found, options)}</GetRecord>`;
    }
    case 'ListRecords':
    case 'ListIdentifiers':
      return list(question, question['verb'], records, options);
    default:
      return oaiError('badVerb', `no verb ${question['verb'] ?? ''}`);
  }
}

function identify({
  granularity = 'YYYY-MM-DDThh:mm:ssZ',
  deletedRecord = 'persistent',
  earliestDatestamp = '2000-01-01T00:00:00Z',
}: OaiServerOptions): string {
  const earliest = granularity === 'YYYY-MM-DD' ? earliestDatestamp.slice(0, 10) : earliestDatestamp;
  return `<Identify><repositoryName>A test &amp; more</repositoryName><protocolVersion>2.0</protocolVersion><earliestDatestamp>${earliest}</earliestDatestamp><deletedRecord>${deletedRecord}</deletedRecord><granularity>${granularity}</granularity></Identify>`;
}

interface ListState {
  readonly at: number;
  readonly from?: string;
  readonly until?: string;
  readonly set?: string;
}

function list(question: Question, verb: string, records: readonly OaiRecord[], options: OaiServerOptions): string {
  const { metadataPrefix, resumptionToken, from, until, set } = question;
  let state: ListState = {
    at: 0,
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { until }),
    ...(set === undefined ? {} : { set }),
  };
  if (resumptionToken !== undefined) {
    if (Object.keys(question).length > 2) return oaiError('badArgument', 'a resumption token stands alone');
    try {
      state = JSON.parse(Buffer.from(resumptionToken, 'base64').toString()) as ListState;
    } catch {
      return oaiError('badResumptionToken', 'it is none');
    }
  } else if (metadataPrefix === undefined) return oaiError('badArgument', 'metadataPrefix is missing');
  else if (!FORMATS.has(metadataPrefix)) return oaiError('cannotDisseminateFormat', `no format ${metadataPrefix}`);
  for (const date of [from, until]) {
    const isLong = (options.granularity ?? 'YYYY-MM-DDThh:mm:ssZ') !== 'YYYY-MM-DD';
    if (options.refusesSeconds === true && date?.includes('T') === true) return oaiError('badArgument', 'no such date');
    if (date !== undefined && !/^\d{4}-\d\d-\d\d$/.test(date) && !(isLong && /^[\d-]{10}T[\d:]{8}Z$/.test(date))) {
      return oaiError('badArgument', `no date ${date}`);
    }
  }
  return page(state, verb, records, options);
}

function page(state: ListState, verb: string, records: readonly OaiRecord[], options: OaiServerOptions): string {
  const { pageSize = 3 } = options;
  const isIn = (stamp: string): boolean =>
    (state.from === undefined || stamp.slice(0, state.from.length) >= state.from) &&
    (state.until === undefined || stamp.slice(0, state.until.length) <= state.until);
  const found = records
    .filter(({ datestamp, sets = [] }) => isIn(datestamp) && (state.set === undefined || sets.includes(state.set)))
    .sort((a, b) => (a.datestamp < b.datestamp ? -1 : a.datestamp > b.datestamp ? 1 : 0));
  if (found.length === 0 && options.listsNothing === true) return `<${verb}></${verb}>`;
  if (found.length === 0) return oaiError('noRecordsMatch', 'nothing');
  const shown = found.slice(state.at, state.at + pageSize);
  const rest = state.at + pageSize < found.length;
  const token = rest ? Buffer.from(JSON.stringify({ ...state, at: state.at + pageSize })).toString('base64') : '';
  const end = rest || state.at > 0 ? tokenElement(token, found.length, state.at) : '';
  const items = shown.map((record) => (verb === 'ListRecords' ? recordOf(record, options) : headerOf(record, options)));
  return `<${verb}>\n${items.join('\n')}\n${end}</${verb}>`;
}

function tokenElement(token: string, size: number, cursor: number): string {
  return `<resumptionToken completeListSize="${String(size)}" cursor="${String(cursor)}">${token}</resumptionToken>`;
}

function withToken(answer: string, token: string): string {
  return answer.replace(/<resumptionToken[^>]*>[^<]*/, (found) => found.replace(/>[^<]*$/, `>${token}`));
}

function recordOf(record: OaiRecord, options: OaiServerOptions): string {
  const dc = `<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/" xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/oai_dc/ http://www.openarchives.org/OAI/2.0/oai_dc.xsd"><dc:title>${record.identifier}</dc:title></oai_dc:dc>`;
  const metadata = record.isDeleted === true ? '' : `<metadata>${record.metadata ?? dc}</metadata>`;
  return `<record>${headerOf(record, options)}${metadata}</record>`;
}

function headerOf({ identifier, datestamp, sets = [], isDeleted }: OaiRecord, options: OaiServerOptions): string {
  const stamp = options.granularity === 'YYYY-MM-DD' ? datestamp.slice(0, 10) : datestamp;
  const specs = sets.map((set) => `<setSpec>${set}</setSpec>`).join('');
  const status = isDeleted === true ? ' status="deleted"' : '';
  return `<header${status}><identifier>${identifier}</identifier><datestamp>${stamp}</datestamp>${specs}</header>`;
}

function oaiError(code: string, message: string): string {
  return `<error code="${code}">${message}</error>`;
}

function document(question: Question, content: string): string {
  const { verb = '' } = question;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<?xml-stylesheet type="text/xsl" href="/oai2.xsl"?>\n<OAI-PMH ${NAMESPACES}>\n<responseDate>${new Date().toISOString().slice(0, 19)}Z</responseDate>\n<request verb="${verb}">http://example.org/oai</request>\n${content}\n</OAI-PMH>\n`;
}

function send(response: ServerResponse, body: string, faults: readonly OaiFault[]): void {
  for (const fault of faults) {
    if (fault.kind === 'status') return void response.writeHead(fault.status, fault.headers).end('no');
    if (fault.kind === 'body')
      return void response
        .writeHead(fault.status ?? 200, { 'content-type': fault.type ?? 'text/html' })
        .end(fault.body);
  }
  const status = faults.find((fault) => fault.kind === 'error-status')?.status ?? 200;
  const isError = body.includes('<error code=');
  response.writeHead(isError ? status : 200, {
    'content-type': 'text/xml; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  });
  if (!faults.some(({ kind }) => kind === 'cut')) return void response.end(body);
  response.write(body.slice(0, body.length / 2), () => response.socket?.destroy());
}
