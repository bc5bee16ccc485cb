/**
 * Composes the services of components from the settings, also for `preview`, which needs no servers and does not load
 * them.
 */
import { join } from 'node:path';
import { limitFiles } from '../../allowed-folders.ts';
import { createBundles } from '../../bundle/create-bundles.ts';
import type { Logger, Services } from '../../component/services.ts';
import { toUserAgent } from '../../http/to-user-agent.ts';
import { createSecretResolver, type ResolveSecret } from '../../job/secrets.ts';
import { SHORTEST_SECRET, rememberSecret } from '../../logging/redact.ts';
import { createS3Service } from '../../s3/create-s3-service.ts';
import { readSmallFileSync } from '../../read-small-file.ts';
import type { Settings } from '../../settings.ts';
import { createSpool } from '../../spool/create-spool.ts';
import { packageFacts } from '../package-facts.ts';

/** Limits the files that jobs may use, too. */
export function composeServices(
  settings: Pick<Settings, 'spool' | 'home' | 'folders' | 'allowedHosts' | 'trustedHosts'>,
  logger: Logger,
): Services {
  const net = {
    spoolDirectory: settings.spool,
    allowedHosts: settings.allowedHosts,
    userAgent: toUserAgent(packageFacts()),
    logger,
  };
  limitFiles({
    folders: settings.folders,
    always: [settings.spool],
    never: ['run-key', 'servers', 'postgres', 'temporal'].map((name) => join(settings.home, name)),
  });
  // Loaded with the first request: a job that reads files waits for neither.
  const http = once(async () => {
    const { createHttpService } = await import('../../http/create-http-service.ts');
    return createHttpService({ ...net, trustedHosts: settings.trustedHosts });
  });
  const api = once(async () => (await import('../../http/create-api-service.ts')).createApiService(net));
  const sftp = once(async () => (await import('../../sftp/create-sftp-service.ts')).createSftpService(net));
  return {
    logger,
    http: {
      get: async (url, options) => (await http()).get(url, options),
      download: async (request) => (await http()).download(request),
    },
    api: { ask: async (request) => (await api()).ask(request) },
    s3: createS3Service(net),
    sftp: { open: async (place, signal) => (await sftp()).open(place, signal) },
    bundles: createBundles(settings.spool),
    spool: createSpool(settings.spool),
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** A secret is a line; a service account of a cloud is a JSON document of some KB. */
const MOST_SECRET_BYTES = 64 * 1024;

function readSecretFile(path: string): string {
  return readSmallFileSync(path, MOST_SECRET_BYTES).toString('utf8');
}

/** Masks what a secret resolves to in every text from then on. A secret that is too short for that is reported once. */
export function composeSecrets(lookUp: (name: string) => string | undefined, logger?: Logger): ResolveSecret {
  const variables = new Proxy<Record<string, string | undefined>>({}, { get: (_target, name) => lookUp(String(name)) });
  const reported = new Set<string>();
  const resolve = createSecretResolver({ env: variables, readFile: readSecretFile });
  return (reference) => {
    const secret = resolve(reference);
    rememberSecret(secret);
    if (secret.length < SHORTEST_SECRET && !reported.has(reference)) {
      reported.add(reference);
      logger?.warn('A secret is too short to be masked in messages. Use a longer one.', {
        secret: reference,
        characters_at_least: SHORTEST_SECRET,
      });
    }
    return secret;
  };
}
