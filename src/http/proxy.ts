/**
 * The proxy between an institution's machines and the internet, as HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY
 * name it. As for other programs they are variables of the process, in small or capital letters, and not of a settings file.
 */
import { Agent, type ClientRequest } from 'node:http';
import type { AgentOptions, Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';
import { ConfigError, UnavailableError } from '../errors.ts';
import { rememberSecret } from '../logging/redact.ts';

export interface ProxyAgents {
  readonly http: Agent;
  readonly https: HttpsAgent;
}

/**
 * Returns the proxy that requests to `url` go through; undefined if they go there directly. Throws ConfigError
 * E_SETTINGS_INVALID for a proxy that is not an http URL. Its value may hold a password and is not quoted.
 */
export function proxyFor(url: URL): URL | undefined {
  const found = getProxyForUrl(url.href);
  if (found === '') return undefined;
  const proxy = URL.canParse(found) ? new URL(found) : undefined;
  if (proxy?.protocol === 'http:') {
    if (proxy.password !== '') rememberSecret(decodeURIComponent(proxy.password));
    return proxy;
  }
  const name = `${url.protocol.slice(0, -1).toUpperCase()}_PROXY`;
  throw new ConfigError(
    'E_SETTINGS_INVALID',
    `Expected in ${name} (or ALL_PROXY) the http URL of a proxy, such as http://proxy.example.org:3128, found something else. A password is percent-encoded. Proxies that are reached by https or SOCKS are not supported.`,
    { details: { setting: name } },
  );
}

/** Returns agents whose requests go through a proxy. Plain HTTP is forwarded, HTTPS goes through a tunnel (CONNECT). */
export function createProxyAgents(proxy: URL, options: AgentOptions): ProxyAgents {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- its base declares itself an agent of http
  return { http: new ForwardAgent(proxy, options), https: new TunnelAgent(proxy, options) };
}

/** Returns the agents of a proxy, the same for each call, so that their connections are kept. */
export function proxyAgentPool(options: AgentOptions): (proxy: URL) => ProxyAgents {
  const pool = new Map<string, ProxyAgents>();
  return (proxy) => {
    const agents = pool.get(proxy.href) ?? createProxyAgents(proxy, options);
    pool.set(proxy.href, agents);
    return agents;
  };
}

/** Returns the error for an answer of a proxy to CONNECT, or for a 407. `target` is the host that was asked for. */
export function errorOfProxy(proxy: URL, status: number, target: string): ConfigError | UnavailableError {
  const details = { proxy: proxy.host, status, host: target };
  const answered = `The proxy ${proxy.host} answered ${String(status)} to a request for ${target}`;
  if (status === 407) {
    const advice =
      proxy.username === ''
        ? 'Put a user name and a password into HTTPS_PROXY and HTTP_PROXY: http://USER:PASSWORD@HOST:PORT.'
        : 'Check the user name and the password in HTTPS_PROXY and HTTP_PROXY; special characters are percent-encoded.';
    return new ConfigError('E_PROXY_REFUSED', `${answered}: it requires credentials. ${advice}`, { details });
  }
  if (status >= 500 || status === 429 || status === 408) {
    return new UnavailableError('E_SOURCE_UNAVAILABLE', `${answered}: it cannot reach that host. It is tried again.`, {
      details,
    });
  }
  return new ConfigError(
    'E_PROXY_REFUSED',
    `${answered}: it does not allow the connection. Ask its operator to allow ${target}, or add the host to NO_PROXY if this machine reaches it directly.`,
    { details },
  );
}

/**
 * Asks the proxy for the whole address, as RFC 9112 (3.2.2) says. By hand: the agent of the package http-proxy-agent 9.1
 * sends the headers of a request with a body twice, so that the proxy sees two requests.
 */
class ForwardAgent extends Agent {
  readonly #proxy: URL;

  constructor(proxy: URL, options: AgentOptions) {
    super(options);
    this.#proxy = proxy;
  }

  /** Called by Node for each request before its headers are written. */
  addRequest(request: ClientRequest, options: object): void {
    const { hostname, port, username, password } = this.#proxy;
    request.path = `http://${String(request.getHeader('host'))}${request.path}`;
    if (username !== '') {
      const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
      request.setHeader('proxy-authorization', `Basic ${Buffer.from(credentials).toString('base64')}`);
    }
    const place = {
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(port === '' ? 80 : port),
    };
    nodeAgent.addRequest.call(this, request, { ...options, ...place, lookup: undefined });
  }
}

/** The declarations of Node leave it out. */
const nodeAgent = Agent.prototype as unknown as { addRequest(request: ClientRequest, options: object): void };

/** Ends a request whose tunnel was refused; the agent itself would present the answer of the proxy as the answer of the server. */
class TunnelAgent extends HttpsProxyAgent<string> {
  readonly #ca: AgentOptions['ca'];

  constructor(proxy: URL, options: AgentOptions) {
    super(proxy, options);
    this.#ca = options.ca;
  }

  override async connect(request: ClientRequest, options: ConnectOptions): Promise<Socket> {
    let status = 200;
    request.once('proxyConnect', (answer: { readonly statusCode: number }) => {
      status = answer.statusCode;
    });
    const trusted = this.#ca === undefined ? {} : { ca: this.#ca };
    const socket = await super.connect(request, { ...options, ...trusted });
    if (status === 200) return socket;
    socket.destroy();
    throw errorOfProxy(this.proxy, status, `${options.host ?? ''}:${String(options.port)}`);
  }
}

type ConnectOptions = Parameters<HttpsProxyAgent<string>['connect']>[1];
