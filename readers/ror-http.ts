/** The newest ROR data dump: concept DOI → landing page of the newest record → linkset → its one zip. */
import { z } from 'zod';
import { defineReader } from '../src/component/reader.ts';
import type { Linkset, LinkTarget } from '../src/http/resolve-linkset.ts';
import { ambiguous } from './newest-record/ambiguous.ts';
import { fetchLocated } from '../src/http/fetch-located.ts';
import { locateNewest } from './newest-record/locate-newest.ts';
import { baseUrlArg, newestSince } from './newest-record/newest-record-args.ts';

const argsSchema = z.strictObject({
  since: newestSince,
  doi: z
    .string()
    .min(1)
    .default('10.5281/zenodo.6347574')
    .describe('The concept DOI, which always leads to the newest version.'),
  ...baseUrlArg,
  max_bytes: z
    .int()
    .positive()
    .default(2 * 1024 ** 3)
    .describe('The largest dump that is accepted, in bytes. Dumps have about 30 MB.'),
  origin: z.string().optional().describe('Accepted and ignored, because existing configs contain it.'),
  mode: z.string().optional().describe('Accepted and ignored, because existing configs contain it.'),
});

type Args = z.infer<typeof argsSchema>;

const ZIP = 'application/zip';
const ACCEPT = [ZIP, 'application/x-zip-compressed', 'application/x-zip'];

export const rorHttp = defineReader<Args>({
  type: 'ror-http',
  version: 1,
  summary: 'The newest ROR data dump, by its concept DOI',
  description:
    'Finds the newest record of the concept DOI through the signposting of the repository (`Link` header, linkset) and downloads its one zip into the spool, resumably, with size and checksum as announced.',
  args: argsSchema,
  examples: [
    { title: 'The newest dump', args: {} },
    { title: 'From a mirror', args: { base_url: 'https://mirror.example.org' } },
  ],
  coverage: 'full',
  accepts: 'nothing',
  emits: 'bytes',
  locate: (args, context) => locateNewest({ doi: args.doi, choose: onlyZip, versionOf }, args, context),
  fetch: (version, args, context) => fetchLocated(version, { accept: ACCEPT, maxBytes: args.max_bytes }, context),
});

function versionOf(name: string): string {
  return /^v\d+(\.\d+)+/.exec(name)?.[0] ?? name;
}

function onlyZip(linkset: Linkset): LinkTarget {
  const zips = linkset.items.filter(({ type }) => type === ZIP);
  const [zip] = zips;
  if (zip !== undefined && zips.length === 1) return zip;
  throw ambiguous(linkset, `file of type ${ZIP}`, zips);
}
