/** How the source of each shipped job is served in a test, and a change of it that changes exactly one record. */
import { fromZenodo, type ServeJob } from '../support/served-job.ts';

export interface ShippedSource {
  readonly job: string;
  readonly serve: ServeJob;
  /** Of the input of its folder; texts without the record stay as they are. */
  readonly change: (text: string) => string;
  readonly onMissing: 'keep' | 'withdraw';
}

const replace = (from: string, to: string) => (text: string) => text.replaceAll(from, to);

const ror = (job: string): ShippedSource => ({
  job,
  serve: fromZenodo('10.5281/zenodo.6347574', 'v9.9-2026-12-31-ror-data.zip'),
  change: replace('European Organization for Nuclear Research', 'European Laboratory for Particle Physics'),
  onMissing: 'withdraw',
});

export const SHIPPED_SOURCES: readonly ShippedSource[] = [ror('ror-affiliations'), ror('ror-funders')];
