/** The result of `apply` for one job, and the servers and options that it needs. */
import type { Client } from '@temporalio/client';
import type { Catalog } from '../../../component/catalog.ts';
import type { Pool } from '../../../postgres/pool.ts';
import type { FieldChange } from '../../../records/field-changes.ts';
import type { Reconciled } from '../../../temporal/plan-schedule.ts';

export interface ApplyServers {
  readonly pool: Pool;
  readonly client: Client;
  readonly searchAttributes: boolean;
  readonly installation?: string;
  /** To read what jobs declare about their targets. */
  readonly catalog: Catalog;
}

export interface ApplyOptions {
  readonly by: string;
  readonly dryRun: boolean;
}

export interface AppliedJob {
  readonly job: string;
  readonly file: string;
  /** `conflict`: another person stored a version at the same moment, and that version is kept. */
  readonly status: 'new' | 'changed' | 'unchanged' | 'conflict';
  /** The newest version now, or, of a dry run, after it. */
  readonly version: number;
  /** What it follows, with who stored it. */
  readonly previous: { readonly version: number; readonly by: string | null; readonly at: string } | null;
  readonly changes: readonly FieldChange[];
  readonly active: boolean;
  /** Where `active` is not what the config says: who switched it by hand. */
  readonly switched: { readonly by: string; readonly at: string } | null;
  readonly schedule: Reconciled | null;
  readonly message: string | null;
}
