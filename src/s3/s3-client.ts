/**
 * Creates clients of the SDK, one for each place and credentials, when they are first needed. Reads nothing from the
 * environment.
 */
import { createHash } from 'node:crypto';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import type { S3Place } from '../component/s3-service.ts';
import { createProxyAgents, proxyFor } from '../http/proxy.ts';
import type { UrlPolicy } from '../http/url-policy.ts';
import { requestedAddress } from './s3-address.ts';

export interface S3ClientOptions {
  readonly policy: UrlPolicy;
  readonly userAgent: string;
  readonly timing: S3Timing;
}

export interface S3Timing {
  /** Milliseconds for the connection. */
  readonly connect: number;
  /** Milliseconds without a byte after which a server counts as stalled. */
  readonly stall: number;
  /** Tries of one request, the first included. */
  readonly attempts: number;
}

/** More connections at once than any reader asks for. */
const MOST_SOCKETS = 128;

export type OpenClient = (place: S3Place) => Promise<S3Client>;

/** Throws ConfigError E_HOST_NOT_ALLOWED for a place that may not be asked. */
export function createClients(options: S3ClientOptions): OpenClient {
  const clients = new Map<string, Promise<S3Client>>();
  return (place) => {
    options.policy.check(requestedAddress(place));
    const key = createHash('sha256').update(JSON.stringify(place)).digest('hex');
    const client = clients.get(key) ?? createClient(place, options);
    clients.set(key, client);
    return client;
  };
}

async function createClient(place: S3Place, { userAgent, timing }: S3ClientOptions): Promise<S3Client> {
  // Loaded when a bucket is asked for the first time: it is the largest package here.
  const { S3Client } = await import('@aws-sdk/client-s3');
  return new S3Client({
    region: place.region,
    ...(place.endpoint === undefined ? {} : { endpoint: place.endpoint }),
    forcePathStyle: place.pathStyle,
    followRegionRedirects: place.endpoint === undefined,
    maxAttempts: timing.attempts,
    // Servers of others do not know the checksums of Amazon; sizes and ETags are checked here.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    customUserAgent: userAgent,
    requestHandler: {
      connectionTimeout: timing.connect,
      requestTimeout: timing.stall,
      throwOnRequestTimeout: true,
      ...agentsFor(place),
    },
    ...accessOf(place),
  });
}

function agentsFor(place: S3Place): object {
  const options = { keepAlive: true, maxSockets: MOST_SOCKETS };
  const proxy = proxyFor(new URL(requestedAddress(place)));
  if (proxy === undefined) return { httpAgent: options, httpsAgent: options };
  const { http, https } = createProxyAgents(proxy, options);
  return { httpAgent: http, httpsAgent: https };
}

/** Without credentials requests are not signed, and none are looked for. */
function accessOf({ credentials }: S3Place): Pick<S3ClientConfig, 'credentials' | 'signer'> {
  if (credentials === undefined) {
    return {
      credentials: { accessKeyId: '', secretAccessKey: '' },
      signer: { sign: (request) => Promise.resolve(request) },
    };
  }
  const { accessKey, secretKey, sessionToken } = credentials;
  return {
    credentials: {
      accessKeyId: accessKey,
      secretAccessKey: secretKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
  };
}
