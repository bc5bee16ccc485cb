/** How the source of each shipped job is served in a test, and a change of it that changes exactly one record. */
import { fromFile, fromZenodo, withPicMapping, type ServeJob } from '../support/served-job.ts';

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

const OPENAIRE: readonly ShippedSource[] = [
  {
    job: 'openaire-awards',
    serve: fromZenodo('10.5281/zenodo.6419021', 'project.tar'),
    change: replace('Femtosecond laser micromachining facility', 'Femtosecond laser micromachining'),
    onMissing: 'keep',
  },
  {
    job: 'openaire-affiliations',
    serve: fromZenodo('10.5281/zenodo.3516917', 'organization.tar'),
    change: replace('PIC:998557674', 'PIC:998557675'),
    onMissing: 'withdraw',
  },
];

const CORDIS: ShippedSource = {
  job: 'cordis-awards',
  serve: withPicMapping(fromFile('/data/cordis-HORIZONprojects-xml.zip', (url) => ({ base_url: url }))),
  change: replace('ALGAE4A-B</acronym>', 'ALGAE4AB</acronym>'),
  onMissing: 'keep',
};

export const SHIPPED_SOURCES: readonly ShippedSource[] = [
  ror('ror-affiliations'),
  ror('ror-funders'),
  ...OPENAIRE,
  CORDIS,
];
