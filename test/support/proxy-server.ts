/** A proxy for HTTP and HTTPS as institutions have them. Names that end in `.test` lead to this machine. */
import { createServer, request as askServer } from 'node:http';
import { connect } from 'node:net';
import { listenLocally } from './listen-locally.ts';

export interface ProxyServer {
  readonly url: string;
  /** `CONNECT host:port` and `GET http://…`, in their order. */
  readonly asked: string[];
  close(): void;
}

export interface ProxyServerOptions {
  /** `user:password`; absent: for everyone. */
  readonly credentials?: string;
  /** The status for a request to a host, in place of doing it. */
  readonly refuses?: (host: string) => number | undefined;
}

export async function startProxy({ credentials, refuses }: ProxyServerOptions = {}): Promise<ProxyServer> {
  const asked: string[] = [];
  const wanted = credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;
  const refusalOf = (given: string | undefined, host: string): number | undefined =>
    wanted !== undefined && given !== wanted ? 407 : refuses?.(host);
  const place = (name: string): string => (name.endsWith('.test') ? '127.0.0.1' : name);
  const server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    const url = new URL(request.url ?? '');
    const refusal = refusalOf(request.headers['proxy-authorization'], url.hostname);
    if (refusal !== undefined) {
      response.writeHead(refusal).end('refused by the proxy');
      return;
    }
    const { 'proxy-authorization': _proxy, ...headers } = request.headers;
    const options = { host: place(url.hostname), port: url.port, path: url.pathname + url.search, headers };
    const forwarded = askServer({ ...options, method: request.method }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.writeHead(502).end());
    request.pipe(forwarded);
  });
  server.on('connect', (request, socket, head) => {
    asked.push(`CONNECT ${request.url ?? ''}`);
    const [host = '', port] = (request.url ?? '').split(':');
    const refusal = refusalOf(request.headers['proxy-authorization'], host);
    if (refusal !== undefined) {
      socket.end(`HTTP/1.1 ${String(refusal)} Refused\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const onward = connect(Number(port), place(host), () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.write(head);
      onward.pipe(socket);
      socket.pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  const address = await listenLocally(server);
  return {
    url: address,
    asked,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
