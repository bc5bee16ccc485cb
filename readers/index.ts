/** The readers that come with vocab-sync. */
import type { Reader } from '../src/component/reader.ts';
import { cordisProjectHttp } from './cordis-project-http.ts';
import { csv } from './csv.ts';
import { file } from './file.ts';
import { gzip } from './gzip.ts';
import { http } from './http.ts';
import { json } from './json.ts';
import { jsonl } from './jsonl.ts';
import { oaiPmh } from './oai-pmh.ts';
import { openaireHttp } from './openaire-http.ts';
import { openaireProjectHttp } from './openaire-project-http.ts';
import { orcidDataSync } from './orcid-data-sync.ts';
import { orcidHttp } from './orcid-http.ts';
import { rdf } from './rdf.ts';
import { rorHttp } from './ror-http.ts';
import { s3 } from './s3.ts';
import { sparql } from './sparql.ts';
import { tar } from './tar.ts';
import { xml } from './xml.ts';
import { yaml } from './yaml.ts';
import { zip } from './zip.ts';

export const readers: readonly Reader[] = [
  file,
  http,
  s3,
  rorHttp,
  openaireHttp,
  openaireProjectHttp,
  cordisProjectHttp,
  oaiPmh,
  orcidDataSync,
  orcidHttp,
  zip,
  tar,
  gzip,
  json,
  jsonl,
  xml,
  csv,
  yaml,
  rdf,
  sparql,
];
