/** How the source of each shipped job is served in a test, and a change of it that changes exactly one record. */
import { fromDisk, fromFile, fromSparql, fromZenodo, type ServeJob } from '../support/served-job.ts';

export interface ShippedSource {
  readonly job: string;
  readonly serve: ServeJob;
  /** Of the input of its folder; texts without the record stay as they are. */
  readonly change: (text: string) => string;
  /** Laid over the args of its transformer, where that would ask another server as well. */
  readonly mapping?: object;
}

/** What runs elsewhere, because its source needs a server that is not on every machine. */
export const ELSEWHERE: Readonly<Record<string, string>> = { 'orcid-names': 'test/jobs/orcid-sync.server.test.ts' };

const ROR = '10.5281/zenodo.6347574';
const OPENAIRE = '10.5281/zenodo.3516917';
const OPENAIRE_NEW = '10.5281/zenodo.6419021';
const ROR_DUMP = 'v9.9-2026-12-31-ror-data.zip';

const replace = (from: string, to: string) => (text: string) => text.replaceAll(from, to);
const cern = replace('European Organization for Nuclear Research', 'European Laboratory for Particle Physics');
const calcimycin = replace('Calcimycin', 'Calcimycin A');
const origin = (path: string): ServeJob => fromFile(path, (url) => ({ origin: `${url}${path}` }));

export const SHIPPED_SOURCES: readonly ShippedSource[] = [
  { job: 'ror-affiliations', serve: fromZenodo(ROR, ROR_DUMP), change: cern },
  { job: 'ror-funders', serve: fromZenodo(ROR, ROR_DUMP), change: cern },
  {
    job: 'openaire-affiliations',
    serve: fromZenodo(OPENAIRE, 'organization.tar'),
    change: replace('998557674', '998557675'),
  },
  {
    job: 'openaire-awards',
    serve: fromZenodo(OPENAIRE_NEW, 'project.tar'),
    change: replace('Femtosecond laser micromachining facility', 'Femtosecond laser facility'),
  },
  {
    job: 'cordis-awards',
    serve: fromFile('/data/cordis-HORIZONprojects-xml.zip', (url) => ({ base_url: url })),
    change: replace('Development of Microalgae-based novel', 'Development of novel Microalgae-based'),
    mapping: { pic_mapping: {} },
  },
  {
    job: 'edmo-affiliations',
    serve: fromSparql(edmoTurtle),
    change: replace('British Oceanographic Data Centre', 'British Oceanographic Data Center'),
  },
  {
    job: 'subjects-euroscivoc',
    serve: origin('/EuroSciVoc-skos-ap-eu.rdf'),
    change: replace('>Immunologie<', '>Immunitätslehre<'),
  },
  { job: 'subjects-gemet', serve: origin('/gemet.rdf.gz'), change: replace('abandoned vehicle', 'abandoned car') },
  { job: 'subjects-mesh', serve: origin('/mesh.nt.gz'), change: calcimycin },
  {
    job: 'subjects-nvs',
    serve: origin('/collection/P02/current/'),
    change: replace('Radioactivity in the atmosphere', 'Radioactivity of the atmosphere'),
  },
  { job: 'subjects', serve: fromDisk(), change: calcimycin },
  { job: 'orcid-names-dump', serve: fromDisk(), change: replace('Carberry', 'Carberri') },
];

type Binding = Readonly<Record<string, { readonly value: string } | undefined>>;

const EDMO_PROPERTIES: Readonly<Record<string, string>> = {
  name: 'http://www.w3.org/ns/org#name',
  altName: 'http://www.w3.org/2004/02/skos/core#altName',
  countryName: 'http://www.w3.org/2006/vcard/ns#country-name',
  locality: 'http://www.w3.org/2006/vcard/ns#locality',
};

/** What a service would have to hold to answer with these rows. */
function edmoTurtle(results: string): string {
  const { bindings } = (JSON.parse(results) as { results: { bindings: readonly Binding[] } }).results;
  // No service answers with a row that has no organisation.
  const rows = bindings.filter(({ org }) => org?.value.startsWith('http') === true);
  return rows.map(toTriples).join('\n');
}

function toTriples(binding: Binding): string {
  const subject = `<${binding['org']?.value ?? ''}>`;
  const texts = Object.entries(EDMO_PROPERTIES).flatMap(([name, property]) => {
    const text = binding[name]?.value;
    return text === undefined ? [] : [`${subject} <${property}> ${JSON.stringify(text)} .`];
  });
  const deprecated = binding['deprecated']?.value;
  const flag =
    deprecated === undefined ? [] : [`${subject} <http://www.w3.org/2002/07/owl#deprecated> ${deprecated} .`];
  return [`${subject} a <http://www.w3.org/ns/org#Organization> .`, ...texts, ...flag].join('\n');
}
