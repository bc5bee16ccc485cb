/** Finds the running servers of a home, without starting any. */
import { join } from 'node:path';
import type { TemporalConnectConfig } from '../settings.ts';
import { isIdentity, isRunning, type ProcessIdentity } from './process-identity.ts';
import { readHomeFile } from './read-home-file.ts';

export interface DatabaseDetails {
  /** Contains a password: never log it. */
  readonly url: string;
  readonly port: number;
}

export interface TemporalDetails {
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string;
  readonly port: number;
  readonly uiPort: number;
}

/** Each undefined where none runs. */
export function findRunningServers(home: string): {
  readonly database: DatabaseDetails | undefined;
  readonly temporal: TemporalDetails | undefined;
} {
  return {
    database: findRunning(home, 'database') as DatabaseDetails | undefined,
    temporal: findRunning(home, 'temporal') as TemporalDetails | undefined,
  };
}

export function embeddedConnection(details: TemporalDetails | undefined): TemporalConnectConfig | undefined {
  if (details === undefined) return undefined;
  return { connectionOptions: { address: details.address }, namespace: details.namespace };
}

function findRunning(home: string, name: 'database' | 'temporal'): unknown {
  let record: unknown;
  try {
    record = JSON.parse(readHomeFile(join(home, 'servers', `${name}.json`)));
  } catch {
    // None was ever started here, or its record is being replaced.
    return undefined;
  }
  if (typeof record !== 'object' || record === null) return undefined;
  const { server, stopped, details } = record as {
    readonly server: ProcessIdentity;
    readonly stopped: boolean;
    readonly details: unknown;
  };
  return stopped || !isIdentity(server) || !isRunning(server) ? undefined : details;
}
