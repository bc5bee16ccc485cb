import { resolve } from 'node:path';
import { z } from 'zod';
import { parse } from 'csv-parse/sync';
import { defineTransformer, type LookupFile } from '../src/component/transformer.ts';
import { toBareRorId } from '../src/records/ror-id.ts';
import { placeInCsv, readTableFile, tableInvalid } from '../src/job/table-file.ts';
import { createAwardMapping } from './cordis-award/create-award-mapping.ts';
import { TIME_2_SWITCH, TIME_2_SWITCH_AWARD } from './cordis-award/example-project.ts';

const rorId = z
  .string()
  .refine((text) => toBareRorId(text) !== undefined, 'expected a ROR id, such as "04d836q62"')
  .describe('The ROR id of the organisation, bare or as an address.');

const paramsSchema = z.strictObject({
  source: z
    .string()
    .min(1)
    .default('10.5281/zenodo.21345462')
    .describe(
      'Where the mapping is: a concept DOI, the http(s) address of a CSV, or the path of one on the machine of the worker.',
    ),
  filename: z
    .string()
    .min(1)
    .default('pic_mapping.csv')
    .describe('The name of the CSV in the record of the DOI. It has the columns pic, ror_id and confidence.'),
  accepted_confidence: z
    .array(z.string().min(1))
    .min(1)
    .default(['high', 'medium', 'manual'])
    .describe('Values of the column confidence; rows with another one are not used.'),
  base_url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !/^\w+:\/\/[^/]*@/.test(url), 'expected an address without user name and password')
    .default('https://doi.org')
    .describe('The resolver of the DOI. Another one serves mirrors and tests.'),
});

const cordisAwardArgs = z.strictObject({
  pic_mapping: z
    .record(z.string(), rorId)
    .optional()
    .describe(
      'ROR ids of organisations by their PIC, instead of the published mapping; {} links no organisation. By default, the mapping of `pic_mapping_params` is fetched with the source.',
    ),
  pic_mapping_params: paramsSchema.prefault({}).describe('The published mapping from PICs to ROR ids.'),
});

type CordisAwardArgs = z.infer<typeof cordisAwardArgs>;

const MAX_MAPPING_BYTES = 64 * 1024 ** 2;

export const cordisAward = defineTransformer<CordisAwardArgs>({
  type: 'cordis-award',
  version: 1,
  summary: 'Maps projects of CORDIS to awards of the European Commission as InvenioRDM keeps them.',
  description: `Reads the XML documents of CORDIS after the reader \`xml\`. Organisations are linked by their ROR id where the mapping
from their PIC has one, and named otherwise. The mapping is fetched from its record with the source: a new version of it is a change, like
one of the source. Where the source comes from a file (\`--input\`, \`preview\`) and the mapping cannot be reached, organisations are named, with
the warning \`W_LOOKUP_UNAVAILABLE\`.`,
  args: cordisAwardArgs,
  reads: [
    'id',
    'title',
    'objective',
    'teaser',
    'acronym',
    'startDate',
    'endDate',
    'identifiers/grantDoi',
    'relations/categories/category/code',
    'relations/associations/organization/id',
    'relations/associations/organization/legalName',
    'relations/associations/programme/code',
    'relations/associations/webLink/physUrl',
    'relations/associations/article/title',
  ],
  examples: [
    {
      title: 'A project with an organisation that is linked by its PIC',
      args: { pic_mapping: { '999979888': '04d836q62' } },
      input: TIME_2_SWITCH,
      output: TIME_2_SWITCH_AWARD,
    },
  ],
  files: (args) => (sourceOf(args).kind === 'file' ? [resolve(args.pic_mapping_params.source)] : []),
  lookups: (args) => {
    const source = sourceOf(args);
    return source.kind === 'web' ? [source.file] : [];
  },
  create: (args, { fetched }) => createAwardMapping(rorIdsOf(args, fetched?.[0]?.path)),
});

type MappingSource = { readonly kind: 'args' | 'file' } | { readonly kind: 'web'; readonly file: LookupFile };

const DOI = /^(?:https?:\/\/(?:dx\.)?doi\.org\/)?(10\.\d{4,9}\/\S+)$/;

function sourceOf({ pic_mapping: given, pic_mapping_params: params }: CordisAwardArgs): MappingSource {
  if (given !== undefined) return { kind: 'args' };
  const doi = DOI.exec(params.source)?.[1];
  const maxBytes = MAX_MAPPING_BYTES;
  if (doi !== undefined)
    return { kind: 'web', file: { doi, resolver: params.base_url, name: params.filename, maxBytes } };
  return /^https?:\/\//.test(params.source)
    ? { kind: 'web', file: { url: params.source, maxBytes } }
    : { kind: 'file' };
}

function rorIdsOf(args: CordisAwardArgs, fetched: string | undefined): ReadonlyMap<string, string> {
  const { pic_mapping: given, pic_mapping_params: params } = args;
  if (given !== undefined)
    return new Map(Object.entries(given).map(([pic, ror]) => [pic, toBareRorId(ror) ?? ror] as const));
  const path = sourceOf(args).kind === 'file' ? resolve(params.source) : fetched;
  return path === undefined ? new Map() : loadPicMapping(path, params.accepted_confidence);
}

const COLUMNS = ['pic', 'ror_id', 'confidence'] as const;

type Row = Readonly<Partial<Record<string, string>>>;

/**
 * Loads the published mapping from the PICs of the European Commission to ROR ids: a CSV with the columns `pic`, `ror_id` and
 * `confidence`. Rows without one of the two ids are skipped. `accepted` has the values of
 * `confidence` that count. Throws ConfigError.
 */
function loadPicMapping(path: string, accepted: readonly string[]): ReadonlyMap<string, string> {
  const mapping = new Map<string, string>();
  for (const { pic, ror_id: ror, confidence } of readRows(path)) {
    if (pic === undefined || pic === '' || ror === undefined || ror === '') continue;
    if (!accepted.includes(confidence ?? '')) continue;
    const id = toBareRorId(ror);
    if (id === undefined)
      throw tableInvalid(path, `it gives the PIC ${pic} ${JSON.stringify(ror)}, which is no ROR id`);
    mapping.set(pic, id);
  }
  if (mapping.size === 0) throw tableInvalid(path, `no row has a confidence of ${accepted.join(', ')}`);
  return mapping;
}

function readRows(path: string): readonly Row[] {
  const text = readTableFile(path);
  let header: readonly string[] = [];
  const keepHeader = (names: string[]): string[] => {
    header = names;
    return names;
  };
  let rows: Row[];
  try {
    rows = parse(text, { columns: keepHeader, skip_empty_lines: true, trim: true });
  } catch (cause) {
    throw tableInvalid(path, placeInCsv(cause));
  }
  const missing = COLUMNS.filter((column) => !header.includes(column));
  if (missing.length === 0) return rows;
  throw tableInvalid(path, `expected the columns ${COLUMNS.join(', ')}, but ${missing.join(' and ')} is not there`);
}
