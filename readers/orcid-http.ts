/** Single ORCID records by their iDs, from orcid.org or its sandbox. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { defineReader, type FetchContext, type FetchedFile, type SourceVersion } from '../src/component/reader.ts';
import { readBundle } from '../src/formats/tar/read-bundle.ts';
import { fillBundle, type Wanted } from './orcid/fill-bundle.ts';

const idSchema = z
  .string()
  .regex(/^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$/, 'expected an ORCID iD such as "0000-0002-1825-0097"');

const argsSchema = z
  .strictObject({
    id: idSchema.optional().describe('One ORCID iD.'),
    ids: z.array(idSchema).min(1).optional().describe('Several ORCID iDs, read in this order.'),
    test_mode: z
      .boolean()
      .default(true)
      .describe(
        'Reads from the sandbox of ORCID, as InvenioRDM does unless this is `false`. Its records are not real.',
      ),
    content_type: z.string().min(1).default('application/xml').describe('The media type to ask for (`Accept`).'),
    connections: z
      .int()
      .min(1)
      .max(32)
      .default(6)
      .describe(
        'The number of records that are requested at once. ORCID slows down clients that send more than 24 requests in a second.',
      ),
    base_url: z
      .url({ protocol: /^https?$/ })
      .refine((url) => !/^\w+:\/\/[^/]*@/.test(url), 'expected an address without user name and password')
      .optional()
      .describe('The address of the records, if it is not orcid.org or its sandbox. For mirrors and tests.'),
    origin: z.string().optional().describe('Accepted and ignored, because existing configs contain it.'),
    mode: z.string().optional().describe('Accepted and ignored, because existing configs contain it.'),
  })
  .refine((args) => (args.id === undefined) !== (args.ids === undefined), {
    message: 'expected either "id" or "ids"',
    path: ['ids'],
  });

type Args = z.infer<typeof argsSchema>;

export const orcidHttp = defineReader<Args>({
  type: 'orcid-http',
  version: 1,
  summary: 'Single ORCID records by their iDs',
  description:
    'Sends one request for each iD, several at once. A record that cannot be fetched is rejected with its ORCID iD; the others are read. The records are always requested, because only their content shows whether they changed.',
  args: argsSchema,
  examples: [
    { title: 'One record', args: { id: '0000-0002-1825-0097', test_mode: false } },
    { title: 'Records of the sandbox', args: { ids: ['0000-0002-1825-0097', '0000-0001-5109-3700'] } },
  ],
  coverage: 'incremental',
  accepts: 'nothing',
  emits: 'bytes',
  locate: (args) => Promise.resolve(toVersion(args)),
  fetch,
  open([bundle], _args, context) {
    if (bundle === undefined) throw new Error('a run of orcid-http has no bundle');
    return readBundle(bundle, context);
  },
});

function toVersion(args: Args): SourceVersion {
  const ids = idsOf(args);
  const host = new URL(addressOf(args, '')).host;
  const name = ids.length === 1 ? `${ids[0] ?? ''} from ${host}` : `${String(ids.length)} records from ${host}`;
  // The bundle of another run holds the records as they were then.
  return { name, version: new Date().toISOString(), locator: { asked: new Date().toISOString() } };
}

const locatorSchema = z.object({ asked: z.string() });

async function fetch(version: SourceVersion, args: Args, context: FetchContext): Promise<readonly FetchedFile[]> {
  const { signal, services, onProgress } = context;
  const { asked } = locatorSchema.parse(version.locator);
  const urls = idsOf(args).map((id) => addressOf(args, id));
  const key = createHash('sha256')
    .update(JSON.stringify([asked, args.content_type, ...urls]))
    .digest('hex');
  const name = 'orcid-records.tar';
  const opened = await services.bundles.open({ key: `orcid-http ${key}`, name, signal });
  if ('complete' in opened) return [{ name, ...opened.complete }];
  const { bundle } = opened;
  try {
    await fillBundle(bundle, wanted(args), {
      connections: args.connections,
      signal,
      onProgress: ({ bytes }) => {
        onProgress({ bytes });
      },
      fetch: async ({ id }, stop) => {
        const headers = { accept: args.content_type };
        const answer = await services.http.get(addressOf(args, id), { signal: stop, headers, encoding: 'latin1' });
        return Buffer.from(answer.body, 'latin1');
      },
    });
    return [{ name, ...(await bundle.complete()) }];
  } catch (error) {
    await bundle.close();
    throw error;
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- a list is asynchronous, even if it is in the config
async function* wanted(args: Args): AsyncGenerator<Wanted, void, undefined> {
  for (const id of idsOf(args)) yield { id };
}

function idsOf({ id, ids }: Args): readonly string[] {
  return ids ?? (id === undefined ? [] : [id]);
}

function addressOf({ test_mode, base_url }: Args, id: string): string {
  const base = base_url ?? (test_mode ? 'https://sandbox.orcid.org' : 'https://orcid.org');
  return `${base.replace(/\/+$/, '')}/${id}`;
}
