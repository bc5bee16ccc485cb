/** Where the Web UI of the dev server of a home is served, without starting one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, type ProcessIdentity } from './process-identity.ts';

/** Undefined where none runs. */
export function findRunningWebUi(home: string): { readonly url: string; readonly namespace: string } | undefined {
  let record: unknown;
  try {
    record = JSON.parse(readFileSync(join(home, 'servers', 'temporal.json'), 'utf8'));
  } catch {
    // No dev server was ever started here, or its record is being replaced: there is no link to show.
    return undefined;
  }
  const { server, stopped, details } = record as {
    readonly server: ProcessIdentity;
    readonly stopped: boolean;
    readonly details: { readonly uiUrl: string; readonly namespace: string };
  };
  return stopped || !isRunning(server) ? undefined : { url: details.uiUrl, namespace: details.namespace };
}
