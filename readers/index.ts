/**
 * The readers that come with vocab-sync, by type, in the order of lists and of the reference. A reader is imported when a
 * job names it, so that a command does not load the libraries of readers that it does not need.
 */
import type { ComponentImports } from '../src/component/catalog.ts';
import type { Reader } from '../src/component/reader.ts';

export const readers: ComponentImports<Reader> = {
  file: async () => (await import('./file.ts')).file,
  http: async () => (await import('./http.ts')).http,
  'http-api': async () => (await import('./http-api.ts')).httpApi,
  s3: async () => (await import('./s3.ts')).s3,
  sftp: async () => (await import('./sftp.ts')).sftp,
  'ror-http': async () => (await import('./ror-http.ts')).rorHttp,
  'openaire-http': async () => (await import('./openaire-http.ts')).openaireHttp,
  'openaire-project-http': async () => (await import('./openaire-project-http.ts')).openaireProjectHttp,
  'cordis-project-http': async () => (await import('./cordis-project-http.ts')).cordisProjectHttp,
  'oai-pmh': async () => (await import('./oai-pmh.ts')).oaiPmh,
  'orcid-data-sync': async () => (await import('./orcid-data-sync.ts')).orcidDataSync,
  'orcid-http': async () => (await import('./orcid-http.ts')).orcidHttp,
  zip: async () => (await import('./zip.ts')).zip,
  tar: async () => (await import('./tar.ts')).tar,
  gzip: async () => (await import('./gzip.ts')).gzip,
  json: async () => (await import('./json.ts')).json,
  jsonl: async () => (await import('./jsonl.ts')).jsonl,
  xml: async () => (await import('./xml.ts')).xml,
  csv: async () => (await import('./csv.ts')).csv,
  xlsx: async () => (await import('./xlsx.ts')).xlsx,
  parquet: async () => (await import('./parquet.ts')).parquet,
  yaml: async () => (await import('./yaml.ts')).yaml,
  rdf: async () => (await import('./rdf.ts')).rdf,
  sparql: async () => (await import('./sparql.ts')).sparql,
};
