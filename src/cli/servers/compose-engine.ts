/** The composition root of the engine: settings, servers and components become the steps of a run. */
import type { Catalog } from '../../component/catalog.ts';
import type { Logger } from '../../component/services.ts';
import { loadRecordSchema } from '../../job/schema/record-schema.ts';
import type { Engine, Isolate } from '../../pipeline/engine.ts';
import type { Pool } from '../../postgres/pool.ts';
import type { Settings } from '../../settings.ts';
import type { TemporalClient } from '../../temporal/client.ts';
import { workflowStatus } from '../../temporal/run-status.ts';
import { pauseUnlessPaused } from '../../temporal/schedule-state.ts';
import { webUiLink } from '../../temporal/web-ui.ts';
import { admissionOf } from './run-key.ts';
import { composeSendNotice } from './compose-send-notice.ts';
import { composeSecrets, composeServices } from './compose-services.ts';

export interface EngineParts {
  readonly settings: Settings;
  readonly catalog: Catalog;
  readonly pool: Pool;
  readonly temporal: TemporalClient;
  /** The identity of the database; see ledger/installation.ts. */
  readonly installation: string;
  /** Where the Web UI is served, where that is known. */
  readonly webUi: string | undefined;
  readonly logger: Logger;
  readonly isolate?: Isolate;
}

export function composeEngine({
  settings,
  catalog,
  pool,
  temporal,
  installation,
  webUi,
  logger,
  isolate,
}: EngineParts): Engine {
  const resolveSecret = composeSecrets(settings.variable, logger);
  return {
    pool,
    catalog,
    logger,
    services: composeServices(settings, logger),
    resolveSecret,
    recordCheck: loadRecordSchema,
    ...(isolate === undefined ? {} : { isolate }),
    holderState: async (workflowId, run) => {
      const status = await workflowStatus(temporal.client, { workflowId, runId: run });
      return status === 'running' ? 'open' : 'closed';
    },
    pauseSchedule: (job, note) => pauseUnlessPaused(temporal.client, job, note, installation),
    installation,
    admission: admissionOf(settings),
    sendNotice: composeSendNotice(settings, resolveSecret),
    webUi: (workflowId, run) => (webUi === undefined ? null : webUiLink(webUi, temporal.namespace, workflowId, run)),
  };
}
