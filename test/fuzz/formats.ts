/** What can be fuzzed, by the name that `--format` takes. Each function throws at the first input that a format handles wrongly. */
import { fuzzXml } from '../bench/xml-fuzz.ts';
import { fuzzCordis } from '../support/fuzz-cordis.ts';
import { fuzzOpenaire } from '../support/fuzz-openaire.ts';
import { fuzzGzip, fuzzZip } from './fuzz-archives.ts';
import { fuzzJson, fuzzJsonl } from './fuzz-json.ts';
import { fuzzOai } from './fuzz-oai.ts';
import { fuzzCsv, fuzzRdf, fuzzSparql, fuzzYaml } from './fuzz-subjects.ts';
import { fuzzTar } from './fuzz-tar.ts';

/** What became of the inputs, for the report. */
export type FuzzReport = Readonly<Record<string, number>>;

export type Fuzz = (count: number, seed: number) => Promise<FuzzReport> | FuzzReport;

export const FORMATS: Readonly<Record<string, Fuzz>> = {
  zip: async (count, seed) => ({ ...(await fuzzZip(count, seed)) }),
  gzip: async (count, seed) => ({ ...(await fuzzGzip(count, seed)) }),
  json: async (count, seed) => ({ ...(await fuzzJson(count, seed)) }),
  jsonl: async (count, seed) => ({ ...(await fuzzJsonl(count, seed)) }),
  tar: async (count, seed) => ({ ...(await fuzzTar(count, seed)) }),
  oai: async (count, seed) => ({ ...(await fuzzOai(count, seed)) }),
  csv: async (count, seed) => ({ ...(await fuzzCsv(count, seed)) }),
  yaml: async (count, seed) => ({ ...(await fuzzYaml(count, seed)) }),
  rdf: async (count, seed) => ({ ...(await fuzzRdf(count, seed)) }),
  sparql: async (count, seed) => ({ ...(await fuzzSparql(count, seed)) }),
  xml: (count, seed) => {
    const { equal, strict, refused, differences } = fuzzXml(count, seed);
    if (differences.length > 0) throw new Error(differences.join('\n'));
    return { equal, strict, refused };
  },
  openaire: (count, seed) => ({ ...fuzzOpenaire(count, seed) }),
  cordis: (count, seed) => ({ ...fuzzCordis(count, seed) }),
};
