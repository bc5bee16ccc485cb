import { resolve } from 'node:path';
import { defineTransformer, type LookupFile } from '../src/component/transformer.ts';
import { toBareRorId } from '../src/records/ror-id.ts';
import { cordisAwardArgs, type CordisAwardArgs } from './cordis-award/cordis-award-args.ts';
import { createAwardMapping } from './cordis-award/create-award-mapping.ts';
import { TIME_2_SWITCH, TIME_2_SWITCH_AWARD } from './cordis-award/example-project.ts';
import { loadPicMapping } from './cordis-award/load-pic-mapping.ts';

const MAX_MAPPING_BYTES = 64 * 1024 ** 2;

export const cordisAward = defineTransformer<CordisAwardArgs>({
  type: 'cordis-award',
  version: 1,
  summary: 'Maps projects of CORDIS to awards of the European Commission as InvenioRDM keeps them.',
  description: `Reads the XML documents of CORDIS behind the reader \`xml\`. Organisations are linked by their ROR id where the mapping
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
