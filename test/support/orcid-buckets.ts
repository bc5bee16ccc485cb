/** What ORCID's public data sync holds: the list of last changes, and the records. */
import { gzipSync } from 'node:zlib';
import { buildTar } from './build-tar.ts';

export interface OrcidRecord {
  readonly id: string;
  /** `2024-01-02 20:07:05.186`, as in the list. */
  readonly modified: string;
  readonly xml?: string;
}

export const LIST = { bucket: 'orcid-lambda-file', key: 'last_modified.csv.tar' };
export const SUMMARIES = 'v3.0-summaries';

/** In the order in which they are given. */
export function lastModifiedList(records: readonly Pick<OrcidRecord, 'id' | 'modified'>[]): Buffer {
  const rows = records.map(({ id, modified }) => `${id},http://orcid.org/${id},2016-01-06 05:08:45.720,${modified}`);
  const content = `${['orcid,path,date_created,last_modified', ...rows].join('\n')}\n`;
  return gzipSync(buildTar([{ name: 'last_modified.csv', content }]));
}

export function summaryKey(id: string): string {
  return `${id.slice(-3)}/${id}.xml`;
}

/** `0000-0001-0000-0001`, …, with the right check digits, in no order that means anything. */
export function orcidIds(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const base = `00000001${String(i).padStart(7, '0')}`;
    return `${base}${checkDigit(base)}`.replaceAll(/(\d{4})(?=.)/g, '$1-');
  });
}

/** ISO 7064, MOD 11-2. */
function checkDigit(base: string): string {
  let total = 0;
  for (const digit of base) total = (total + Number(digit)) * 2;
  const digit = (12 - (total % 11)) % 11;
  return digit === 10 ? 'X' : String(digit);
}

/** A small record of schema 3.0. `employers`: names with their ROR id where they have one. */
export function orcidXml(
  id: string,
  person: { readonly given: string; readonly family: string; readonly employer?: { name: string; ror?: string } },
): string {
  const { given, family, employer } = person;
  const identified =
    employer?.ror === undefined
      ? ''
      : `<common:disambiguated-organization><common:disambiguated-organization-identifier>https://ror.org/${employer.ror}</common:disambiguated-organization-identifier><common:disambiguation-source>ROR</common:disambiguation-source></common:disambiguated-organization>`;
  const employment =
    employer === undefined
      ? ''
      : `<activities:employments path="/${id}/employments"><activities:affiliation-group><employment:employment-summary put-code="1" visibility="public"><common:start-date><common:year>2015</common:year></common:start-date><common:organization><common:name>${employer.name}</common:name><common:address><common:city>Geneva</common:city><common:country>CH</common:country></common:address>${identified}</common:organization></employment:employment-summary></activities:affiliation-group></activities:employments>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<record:record path="/${id}" xmlns:record="http://www.orcid.org/ns/record" xmlns:common="http://www.orcid.org/ns/common" xmlns:person="http://www.orcid.org/ns/person" xmlns:personal-details="http://www.orcid.org/ns/personal-details" xmlns:activities="http://www.orcid.org/ns/activities" xmlns:employment="http://www.orcid.org/ns/employment">
    <common:orcid-identifier>
        <common:uri>https://orcid.org/${id}</common:uri>
        <common:path>${id}</common:path>
        <common:host>orcid.org</common:host>
    </common:orcid-identifier>
    <person:person path="/${id}/person">
        <person:name visibility="public" path="${id}">
            <personal-details:given-names>${given}</personal-details:given-names>
            <personal-details:family-name>${family}</personal-details:family-name>
        </person:name>
    </person:person>
    <activities:activities-summary path="/${id}/activities">${employment}</activities:activities-summary>
</record:record>
`;
}
