/** Facts in the formats of the sources that publish JSON: ROR, OpenAIRE and the SPARQL results of EDMO. */
import { withOddities, type Fact } from './facts.ts';

interface RorFact extends Fact {
  readonly id: string;
  /** Types, language, text. */
  readonly names: readonly (readonly [string, string | null, string])[];
  readonly status: string;
  readonly types: readonly string[];
  /** GeoNames id, place, country code, country. */
  readonly places: readonly (readonly [number, string, string, string])[];
  /** Type, address. */
  readonly links?: readonly (readonly [string, string])[];
  readonly domains?: readonly string[];
  /** Type, preferred value, all values. */
  readonly ids: readonly (readonly [string, string | null, readonly string[]])[];
}

/** A record of ROR, schema v2.1. */
export function rorRecord(fact: Fact): object {
  const { id, names, status, types, places, links = [], domains = [], ids } = fact as RorFact;
  const made = {
    admin: {
      created: { date: '2018-11-14', schema_version: '1.0' },
      last_modified: { date: '2025-01-01', schema_version: '2.1' },
    },
    domains,
    established: null,
    external_ids: ids.map(([type, preferred, all]) => ({ all, preferred, type })),
    id: `https://ror.org/${id}`,
    links: links.map(([type, value]) => ({ type, value })),
    locations: places.map(([geonamesId, name, code, country]) => ({
      geonames_details: { country_code: code, country_name: country, name },
      geonames_id: geonamesId,
    })),
    names: names.map(([kinds, lang, value]) => ({ lang, types: kinds.split(' '), value })),
    relationships: [],
    status,
    types,
  };
  return withOddities(made, fact);
}

export type OpenaireSchema = 'current' | 'old';

interface ProjectFact extends Fact {
  /** The twelve characters that name the funder. */
  readonly prefix: string;
  readonly hash: string;
  readonly code: string | null;
  readonly title: string;
  readonly acronym?: string;
  readonly start?: string;
  readonly end?: string;
  readonly website?: string;
  readonly call?: string;
  /** Short name, name, jurisdiction. */
  readonly funder?: readonly (string | null)[];
  readonly stream?: string;
  /** Whether the project has a summary; its text is ours. */
  readonly summary?: boolean;
  /** Whether absent values are written as null, as in the last part of a dump. */
  readonly nulls?: boolean;
}

/** A project of the OpenAIRE Graph: in the current schema, or in the one up to 2023. */
export function openaireProject(fact: Fact, schema: OpenaireSchema): object {
  const isOld = schema === 'old';
  const { prefix, hash, code, title, funder, stream, summary, nulls, ...rest } = fact as ProjectFact;
  const [shortName, name, jurisdiction] = funder ?? [];
  const streamKey = isOld ? 'funding_stream' : 'fundingStream';
  const streamPart = stream === undefined ? {} : { [streamKey]: { id: stream, description: stream } };
  const fundings = funder === undefined ? undefined : [{ shortName, name, jurisdiction, ...streamPart }];
  const optional = {
    acronym: rest.acronym,
    [isOld ? 'startdate' : 'startDate']: rest.start,
    [isOld ? 'enddate' : 'endDate']: rest.end,
    [isOld ? 'websiteurl' : 'websiteUrl']: rest.website,
    [isOld ? 'callidentifier' : 'callIdentifier']: rest.call,
    [isOld ? 'funding' : 'fundings']: fundings,
    summary: summary === true ? `What the project ${code ?? hash} is about.` : undefined,
  };
  const absent = isOld || nulls === true ? null : undefined;
  const filled = Object.fromEntries(Object.entries(optional).map(([key, value]) => [key, value ?? absent]));
  if (isOld && filled['funding'] === null) filled['funding'] = [];
  if (!isOld && filled['fundings'] === null) filled['fundings'] = undefined;
  return withOddities({ id: `${isOld ? '40|' : ''}${prefix}::${hash}`, code, title, ...filled }, fact);
}

interface OrganizationFact extends Fact {
  readonly id: string;
  readonly organisation: string;
  /** Code, name. */
  readonly country?: readonly [string, string];
  /** Scheme, value. */
  readonly pids?: readonly (readonly [string, string])[];
}

export function openaireOrganization(fact: Fact, schema: OpenaireSchema): object {
  const isOld = schema === 'old';
  const { id, organisation, country, pids } = fact as OrganizationFact;
  const made = {
    [isOld ? 'legalname' : 'legalName']: organisation,
    ...(country === undefined ? {} : { country: { code: country[0], label: country[1] } }),
    id: `${isOld ? '20|' : ''}${id}`,
    [isOld ? 'pid' : 'pids']: (pids ?? []).map(([scheme, value]) => ({ scheme, value })),
  };
  return withOddities(made, fact);
}

interface EdmoFact extends Fact {
  readonly number: number;
  readonly organisation: string;
  readonly short?: string;
  readonly country?: string;
  readonly place?: string;
}

/** The answer of EDMO's SPARQL service. */
export function edmoResults(facts: readonly Fact[]): object {
  const vars = ['org', 'name', 'altName', 'countryName', 'locality', 'deprecated'];
  return { head: { link: [], vars }, results: { distinct: false, ordered: true, bindings: facts.map(toBinding) } };
}

function toBinding(fact: Fact): object {
  const { number, organisation, short, country, place } = fact as EdmoFact;
  const literal = (value: string | undefined) => (value === undefined ? undefined : { type: 'literal', value });
  const made = {
    org: { type: 'uri', value: `https://edmo.seadatanet.org/report/${String(number)}` },
    name: literal(organisation),
    altName: literal(short),
    countryName: literal(country),
    locality: literal(place),
    deprecated: { type: 'literal', datatype: 'http://www.w3.org/2001/XMLSchema#boolean', value: 'false' },
  };
  return withOddities(made, fact);
}
