/**
 * The servers of the tests that a benchmark publishes into, in a process of their own, so that they slow down neither the
 * worker nor the bare client. Prints their addresses as JSON. `GET` of `control` returns the number of requests since the last one, and forgets all records.
 */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startInvenioServer } from '../support/invenio-server.ts';
import { startSearchServer } from '../support/search-server.ts';
import { startSolrServer } from '../support/solr-server.ts';

export interface TargetServers {
  readonly control: string;
  /** Reads each request to its end and answers 200 after some milliseconds. */
  readonly plain: string;
  readonly search: string;
  readonly solr: string;
  readonly invenio: string;
  readonly token: string;
}

/** Of a request to `plain`. A server that answered at once would be no limit. */
const SERVICE_MS = 5;
/** What InvenioRDM 14 takes for one record, at its best. */
const INVENIO_MS = 25;

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

const [search, solr, invenio] = await Promise.all([startSearchServer(), startSolrServer(), startInvenioServer()]);
let requests = 0;
const plain = await listen((request, response) => {
  requests += 1;
  request.resume();
  request.on('end', () => setTimeout(() => response.end('{}'), SERVICE_MS));
});
const control = await listen((_request, response) => {
  response.end(String(requests + search.requests.length + solr.requests.length + invenio.requests.length));
  requests = 0;
  for (const { requests: seen, documents } of [search, solr]) {
    seen.length = 0;
    documents.clear();
  }
  invenio.forget();
});
search.exists = true;
invenio.serviceMs = INVENIO_MS;
const servers: TargetServers = {
  ...{ control, plain, search: search.url, solr: solr.url, invenio: invenio.url, token: invenio.token },
};
console.log(JSON.stringify(servers));
