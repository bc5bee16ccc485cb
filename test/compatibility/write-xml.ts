/** Facts in the formats of the sources that publish XML: records of ORCID and projects of CORDIS. */
import { withEdits, type Fact } from './facts.ts';

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Returns an element with this text, or an empty text if no text is given. */
function element(name: string, text: string | undefined | null): string {
  return text === undefined || text === null ? '' : `<${name}>${escapeXml(text)}</${name}>`;
}

interface PersonFact extends Fact {
  readonly orcid: string;
  readonly given?: string;
  readonly family?: string;
  readonly employments?: readonly Employment[];
  /** 3.0 unless given. */
  readonly schema?: '2.0' | '2.1';
  /** An error document that is in the place of the record. */
  readonly error?: readonly [code: string, message: string];
}

interface Employment {
  readonly at: string;
  /** The scheme and the id of the organisation. */
  readonly id?: readonly [string, string];
  readonly end?: string;
  /** Whether it shares the group of the employment before it. */
  readonly grouped?: boolean;
}

const NAMESPACES = [
  'record',
  'common',
  'person',
  'personal-details',
  'history',
  'activities',
  'employment',
  'error',
].map((name) => `xmlns:${name}="http://www.orcid.org/ns/${name}"`);

/** A document of an ORCID public data file, as the summaries of 2019 and later have it. */
export function orcidDocument(fact: Fact): string {
  const { orcid, given, family, employments = [], schema, error } = fact as PersonFact;
  const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
  if (error !== undefined) return withEdits(head + errorDocument(error), fact);
  const groups = schema === undefined ? inGroups(employments) : employments.map(employment);
  const path = schema === undefined ? 'employment' : 'employment-summary';
  const name =
    given === undefined && family === undefined
      ? ''
      : `<person:name visibility="public" path="${orcid}">${element('personal-details:given-names', given)}${element('personal-details:family-name', family)}</person:name>`;
  const activities =
    employments.length === 0
      ? ''
      : `
    <activities:activities-summary path="/${orcid}/activities">
        <activities:employments path="/${orcid}/${path}s">
            ${groups.join('\n            ')}
        </activities:employments>
    </activities:activities-summary>`;
  const document = `${head}<record:record path="/${orcid}" ${NAMESPACES.join(' ')}>
    <common:orcid-identifier>
        <common:uri>https://orcid.org/${orcid}</common:uri>
        <common:path>${orcid}</common:path>
        <common:host>orcid.org</common:host>
    </common:orcid-identifier>
    <history:history>
        <common:last-modified-date>2024-01-02T20:07:05.186Z</common:last-modified-date>
    </history:history>
    <person:person path="/${orcid}/person">
        ${name}
    </person:person>${activities}
</record:record>
`;
  return withEdits(document, fact);
}

function errorDocument([code, message]: readonly [string, string]): string {
  return `<error:error ${NAMESPACES.at(-1) ?? ''}>
    <error:response-code>409</error:response-code>
    <error:developer-message>${escapeXml(message)}</error:developer-message>
    <error:error-code>${code}</error:error-code>
</error:error>
`;
}

/** Since schema 3.0 employments are in groups, nearly always of one. */
function inGroups(employments: readonly Employment[]): readonly string[] {
  const groups: string[][] = [];
  for (const each of employments) {
    if (each.grouped === true) groups.at(-1)?.push(employment(each));
    else groups.push([employment(each)]);
  }
  return groups.map((group) => `<activities:affiliation-group>${group.join('')}</activities:affiliation-group>`);
}

function employment({ at, id, end }: Employment): string {
  const [year, month, day] = end?.split('-') ?? [];
  const date = `${element('common:year', year)}${element('common:month', month)}${element('common:day', day)}`;
  const known =
    id === undefined
      ? ''
      : `<common:disambiguated-organization>${element('common:disambiguated-organization-identifier', id[1])}${element('common:disambiguation-source', id[0])}</common:disambiguated-organization>`;
  return `<employment:employment-summary put-code="1" visibility="public"><common:start-date><common:year>2001</common:year></common:start-date>${end === undefined ? '' : `<common:end-date>${date}</common:end-date>`}<common:organization>${element('common:name', at)}${known}</common:organization></employment:employment-summary>`;
}

interface CordisFact extends Fact {
  readonly rcn: number;
  readonly number: string | null;
  readonly acronym?: string | null;
  readonly title: string;
  readonly start?: string | null;
  readonly end?: string | null;
  readonly doi?: string | null;
  readonly teaser?: string;
  /** Code, and whether it is marked as the unique part of the programme. */
  readonly basis?: readonly (readonly [string, boolean])[];
  /** PIC and legal name; either may be null. */
  readonly organisations?: readonly (readonly [string | null, string | null])[];
  /** Paths of EuroSciVoc: `/21/39/225`. */
  readonly fields?: readonly string[];
  readonly website?: string;
  /** The title of an article about the project. */
  readonly article?: string;
}

/** A project of CORDIS: a member of one of its zips. */
export function cordisDocument(fact: Fact): string {
  const project = fact as CordisFact;
  const article =
    project.article === undefined
      ? ''
      : `<article source="editorial" type="relatedArticle">${element('title', project.article)}</article>`;
  const website =
    project.website === undefined
      ? ''
      : `<webLink type="relatedWebsite" source="editorial" represents="project">${element('physUrl', project.website)}</webLink>`;
  const programmes = (project.basis ?? []).map(
    ([code, isUnique]) =>
      `<programme source="corda"${isUnique ? ' uniqueProgrammePart="true"' : ''} type="relatedLegalBasis">${element('code', code)}</programme>`,
  );
  const organisations = (project.organisations ?? []).map(
    ([pic, name], i) =>
      `<organization type="participant" order="${String(i + 1)}">${element('id', pic)}${element('legalName', name)}</organization>`,
  );
  const categories = (project.fields ?? []).map(
    (code) => `<category classification="euroSciVoc" type="isInFieldOfScience">${element('code', code)}</category>`,
  );
  const document = `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://cordis.europa.eu">
  <language>en</language>
  <rcn>${String(project.rcn)}</rcn>
  ${element('id', project.number)}
  ${element('acronym', project.acronym)}
  ${element('teaser', project.teaser)}
  <objective>The objective of ${escapeXml(project.acronym ?? project.title)}.</objective>
  ${element('title', project.title)}
  ${element('startDate', project.start)}
  ${element('endDate', project.end)}
  <identifiers>${element('grantDoi', project.doi)}</identifiers>
  <relations>
    <associations>${[article, ...organisations, ...programmes, website].join('')}</associations>
    <categories><category classification="collection" type="belongsTo"><code>/project</code></category>${categories.join('')}</categories>
  </relations>
</project>
`;
  return withEdits(document, fact);
}
