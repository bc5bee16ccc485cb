/** The composition root of the engine: settings, servers and components become the steps of a run. */
import { readFileSync } from 'node:fs';
import type { Catalog } from '../component/catalog.ts';
import type { Logger, Services } from '../component/services.ts';
import { createHttpService } from '../http/create-http-service.ts';
import { toUserAgent } from '../http/to-user-agent.ts';
import { loadRecordSchema } from '../job/record-schema.ts';
import { createSecretResolver, type ResolveSecret } from '../job/secrets.ts';
import { rememberSecret } from '../logging/redact.ts';
import type { Engine } from '../pipeline/engine.ts';
import type { Pool } from '../postgres/pool.ts';
import { lookUpVariable, type Settings } from '../settings.ts';
import { createSpool } from '../spool/create-spool.ts';
import type { TemporalClient } from '../temporal/client.ts';
import { workflowStatus } from '../temporal/run-status.ts';
import { webUiLink } from '../temporal/web-ui.ts';
import { packageFacts } from './package-facts.ts';

export interface EngineParts {
  readonly settings: Settings;
  readonly catalog: Catalog;
  readonly pool: Pool;
  readonly temporal: TemporalClient;
  /** Where the Web UI is served, where that is known. */
  readonly webUi: string | undefined;
  readonly logger: Logger;
}

export function composeEngine({ settings, catalog, pool, temporal, webUi, logger }: EngineParts): Engine {
  return {
    pool,
    catalog,
    logger,
    services: composeServices(settings, logger),
    resolveSecret: composeSecrets(),
    recordCheck: loadRecordSchema,
    holderState: async (workflowId, run) => {
      const status = await workflowStatus(temporal.client, { workflowId, runId: run });
      return status === 'running' ? 'open' : 'closed';
    },
    webUi: (workflowId, run) => (webUi === undefined ? null : webUiLink(webUi, temporal.namespace, workflowId, run)),
  };
}

/** What readers are lent; also for `preview`, which has no servers. */
export function composeServices(settings: Settings, logger: Logger): Services {
  return {
    logger,
    http: createHttpService({
      spoolDirectory: settings.spool,
      allowedHosts: settings.allowedHosts,
      userAgent: toUserAgent(packageFacts()),
      logger,
    }),
    spool: createSpool(settings.spool),
  };
}

/** What a secret resolves to is masked in every text from then on. */
export function composeSecrets(): ResolveSecret {
  const variables = new Proxy<Record<string, string | undefined>>(
    {},
    { get: (_target, name) => lookUpVariable(String(name)) },
  );
  const resolve = createSecretResolver({ env: variables, readFile: (path) => readFileSync(path, 'utf8') });
  return (reference) => {
    const secret = resolve(reference);
    rememberSecret(secret);
    return secret;
  };
}
