/** What a worker calls itself in Temporal: Temporal's usual `PID@HOST`, and the installation that it works for. */
import { hostname } from 'node:os';

export function pollerIdentity(installation: string): string {
  return `${String(process.pid)}@${hostname()}/${installation}`;
}

/** Undefined for a worker of an earlier release, and for one of another program. */
export function installationOf(identity: string | null | undefined): string | undefined {
  return /\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(identity ?? '')?.[1];
}
