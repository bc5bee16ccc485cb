/**
 * Restricts where a response of a source may lead: a redirect or link from a public address must not reach a private
 * network or this machine, and one from https must not fall back to http. Hosts that the operator trusts are exempt.
 * The addresses are checked when the connection resolves them, so the checked address is the one that is used.
 */
import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Hop } from '../component/download.ts';
import { ConfigError } from '../errors.ts';
import { isPublicAddress } from './is-public-address.ts';
import { proxyAgentPool, proxyFor, type ProxyAgents } from './proxy.ts';
import { matchesHost, redactUrl } from './url-policy.ts';

/** The DNS lookup and the rule for public addresses. Tests replace them. */
export interface Network {
  readonly lookup: LookupFunction;
  readonly isPublic: (address: string) => boolean;
  /** Certificates of authorities in PEM. Default: those of Node. */
  readonly ca?: string;
}

export interface HopGuardOptions {
  /** The hosts that may be led to although they are private or use http; patterns as for createUrlPolicy. */
  readonly trustedHosts: readonly string[];
  readonly network?: Network | undefined;
}

/** The connection options of one request. */
interface Connection {
  readonly lookup: LookupFunction;
  readonly agents: { readonly http: HttpAgent; readonly https: HttpsAgent } | ProxyAgents;
  /** The proxy of the requests; the responding address is then the address of the proxy. */
  readonly proxy?: URL;
  /** Why a look-up was refused; undefined where none was. */
  refusal(): ConfigError | undefined;
}

export interface HopGuard {
  /** `from` is absent for an address that the job names. Throws ConfigError E_REDIRECT_REFUSED or E_SETTINGS_INVALID. */
  connect(url: URL, from: Hop | undefined): Promise<Connection>;
  /** `address` is the address of the server that answered. Undefined if a proxy is in between. */
  networkOf(address: string | undefined): Hop['network'];
}

const MACHINE: Network = { lookup: dnsLookup, isPublic: isPublicAddress };

export function createHopGuard({ trustedHosts, network = MACHINE }: HopGuardOptions): HopGuard {
  const trusted = trustedHosts.map((host) => host.toLowerCase());
  const open = createAgents(network.ca);
  // A kept-alive connection is not resolved again, so checked connections have a separate pool.
  const checked = createAgents(network.ca);
  const agentsOf = proxyAgentPool({ ...KEPT, ...(network.ca === undefined ? {} : { ca: network.ca }) });
  return {
    async connect(url, from) {
      const proxy = proxyFor(url);
      const free: Connection = {
        ...{ lookup: network.lookup, refusal: () => undefined },
        ...(proxy === undefined ? { agents: open } : { agents: agentsOf(proxy), proxy }),
      };
      if (from === undefined || trusted.some((host) => matchesHost(url, host))) return free;
      if (url.protocol === 'http:' && from.url.startsWith('https:')) throw downgraded(url, from);
      if (from.network === 'private') return free;
      const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
      if (isIP(host) !== 0 && !network.isPublic(host)) throw leadsInside(url, from, host);
      if (proxy === undefined) return { ...checkedLookup(url, from, network), agents: checked };
      await checkName(url, from, host, network);
      return free;
    },
    networkOf: (address) => (address === undefined || network.isPublic(address) ? 'public' : 'private'),
  };
}

/** As long as those of Node's own agents. */
const KEPT = { keepAlive: true, scheduling: 'lifo', timeout: 5_000 } as const;

function createAgents(ca: string | undefined): Connection['agents'] {
  return { http: new HttpAgent(KEPT), https: new HttpsAgent({ ...KEPT, ...(ca === undefined ? {} : { ca }) }) };
}

/**
 * A proxy resolves the name itself, so its result cannot be checked. The result on this machine is checked: a name with a
 * private address here is refused. A name that is unknown here is left to the proxy.
 */
async function checkName(url: URL, from: Hop, host: string, network: Network): Promise<void> {
  const found = await new Promise<readonly LookupAddress[]>((resolve) => {
    network.lookup(host, { all: true }, (error, addresses) => {
      resolve(error === null ? (addresses as LookupAddress[]) : []);
    });
  });
  const inside = found.find(({ address }) => !network.isPublic(address));
  if (inside !== undefined) throw leadsInside(url, from, inside.address);
}

/** Refuses a name if any of its addresses is private: the connection may take each of them. */
function checkedLookup(url: URL, from: Hop, network: Network): Pick<Connection, 'lookup' | 'refusal'> {
  let refused: ConfigError | undefined;
  const lookup: LookupFunction = (hostname, options, callback) => {
    network.lookup(hostname, { ...options, all: true }, (error, found) => {
      const addresses = error === null ? (found as LookupAddress[]) : [];
      const inside = addresses.find(({ address }) => !network.isPublic(address));
      if (inside !== undefined) refused = leadsInside(url, from, inside.address);
      const [first] = addresses;
      const fault = error ?? refused;
      if (fault !== undefined || first === undefined) callback(fault ?? unknownName(hostname), '', 0);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
  return { lookup, refusal: () => refused };
}

function unknownName(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
}

function leadsInside(url: URL, from: Hop, address: string): ConfigError {
  const at = url.hostname === address || url.hostname === `[${address}]` ? '' : ` (${address})`;
  return refused(url, from, `${url.host}${at}, an address of a private network or of this machine`);
}

function downgraded(url: URL, from: Hop): ConfigError {
  return refused(url, from, `${redactUrl(url)}, which is not encrypted`);
}

function refused(url: URL, from: Hop, where: string): ConfigError {
  return new ConfigError(
    'E_REDIRECT_REFUSED',
    `${redactUrl(from.url)} leads to ${where}. This is not followed. Check the source. If the target is right, put its address into the job, or add ${url.host} to VOCAB_SYNC_TRUSTED_HOSTS where the worker runs.`,
    { details: { from: redactUrl(from.url), host: url.host } },
  );
}
