/** The projects of one framework programme as CORDIS publishes them: a zip with one XML document for each. */
import { z } from 'zod';
import { defineReader, type FetchContext, type FetchedFile, type SourceVersion } from '../src/component/reader.ts';
import { askAboutFile } from '../src/http/ask-about-file.ts';
import { fileNameOf } from '../src/http/file-name-of.ts';

const FILES = {
  HE: 'cordis-HORIZONprojects-xml.zip',
  H2020: 'cordis-h2020projects-xml.zip',
  FP7: 'cordis-fp7projects-xml.zip',
} as const;

const argsSchema = z.strictObject({
  origin: z
    .enum(['HE', 'H2020', 'FP7'])
    .default('HE')
    .describe('The framework programme: Horizon Europe, Horizon 2020 or the seventh one.'),
  base_url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !/^\w+:\/\/[^/]*@/.test(url), 'expected an address without user name and password')
    .default('https://cordis.europa.eu')
    .describe('The site of CORDIS. Another one serves mirrors and tests.'),
  max_bytes: z
    .int()
    .positive()
    .default(4 * 1024 ** 3)
    .describe('The maximum size of the zip, in bytes. Real ones have some hundred megabytes.'),
  mode: z.string().optional().describe('Accepted and ignored, because existing configs contain it.'),
});

type Args = z.infer<typeof argsSchema>;

const ACCEPT = ['application/zip', 'application/x-zip-compressed', 'application/x-zip', 'application/octet-stream'];

export const cordisProjectHttp = defineReader<Args>({
  type: 'cordis-project-http',
  version: 1,
  summary: 'All projects of an EU framework programme, from CORDIS',
  description:
    'Downloads the zip of the programme into the spool; a broken download resumes. Its `ETag`, or `Last-Modified` and length, show before the download whether it is new.',
  args: argsSchema,
  examples: [
    { title: 'Horizon Europe', args: { origin: 'HE' } },
    { title: 'Horizon 2020', args: { origin: 'H2020' } },
  ],
  coverage: 'full',
  accepts: 'nothing',
  emits: 'bytes',
  locate,
  fetch,
});

function addressOf({ base_url: base, origin }: Args): string {
  return `${base.replace(/\/+$/, '')}/data/${FILES[origin]}`;
}

async function locate(args: Args, context: FetchContext): Promise<SourceVersion> {
  const url = addressOf(args);
  const name = fileNameOf(url);
  const { bytes, validator, lastModified } = await askAboutFile(context.services.http, url, { signal: context.signal });
  return {
    name,
    version: lastModified?.toISOString() ?? name,
    ...(validator === undefined ? {} : { identity: `${url} ${validator}` }),
    ...(lastModified === undefined ? {} : { published: lastModified.toISOString() }),
    ...(bytes === undefined ? {} : { bytes }),
  };
}

async function fetch(version: SourceVersion, args: Args, context: FetchContext): Promise<readonly FetchedFile[]> {
  const { path, bytes, digest } = await context.services.http.download({
    url: addressOf(args),
    accept: ACCEPT,
    maxBytes: args.max_bytes,
    signal: context.signal,
    onProgress: (progress) => {
      const total = version.bytes ?? progress.total;
      context.onProgress({ bytes: progress.bytes, ...(total === undefined ? {} : { total }) });
    },
  });
  return [{ name: version.name, path, bytes, digest }];
}
