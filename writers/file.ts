import { defineWriter } from '../src/component/writer.ts';
import { checkFileArgs, fileFields } from './file/file-args.ts';
import { inspectFile } from './file/inspect-file.ts';
import { findOwnFile } from './file/manifest.ts';
import { openFileSink } from './file/open-file-sink.ts';
import { openStore } from './file/open-store.ts';

export const file = defineWriter({
  type: 'file',
  version: 3,
  receives: 'snapshot',
  summary: 'Publishes all records as one file (JSON Lines, CSV, YAML or Parquet), which appears whole or not at all.',
  description: `Each publication writes the whole file, in order of id, and puts it in place in one step: by a rename on disk, or at the end of the upload
to a bucket. \`PATH.manifest.json\` next to it says how many records and bytes it holds, its SHA-256, and which job and run made it. A file that
this job did not make is never overwritten. In CSV (RFC 4180, UTF-8) lists and objects are JSON text. Mode, owner and group of an existing
file and its manifest are kept, and a symbolic link stays: the file it points to is replaced. Where they cannot be kept, nothing is published.
YAML is a list of records, as InvenioRDM reads its fixtures.`,
  args: fileFields.superRefine(checkFileArgs),
  examples: [
    { title: 'One JSON document in each line', args: { path: 'out/affiliations.jsonl' } },
    { title: 'A table', args: { path: 'out/funders.csv', columns: ['id', 'name', 'country', 'identifiers'] } },
    {
      title: 'An InvenioRDM fixture without what the source no longer holds',
      args: { path: 'app_data/vocabularies/affiliations.yaml', on_missing: 'withdraw' },
    },
    {
      title: 'Parquet, with typed columns',
      args: {
        path: 'out/affiliations.parquet',
        columns: ['id', 'name', 'aliases', 'identifiers'],
        column_types: { aliases: 'texts', identifiers: 'json' },
      },
    },
    {
      title: 'Compressed, in a bucket, with the last ten versions and the changes of each run',
      args: {
        path: 's3://vocabularies/ror/affiliations.jsonl.gz',
        compress: 'gzip',
        endpoint: 'https://s3.example.org',
        access_key: { $secret: 'env:S3_ACCESS_KEY' },
        secret_key: { $secret: 'env:S3_SECRET_KEY' },
        keep: 10,
        feed: true,
      },
    },
  ],
  targetName: ({ path, endpoint }) => `file:${endpoint === undefined ? path : inEndpoint(path, endpoint)}`,
  onMissing: ({ on_missing }) => on_missing,
  async preflight(args, { job, buckets, signal }) {
    const place = openStore(args, { buckets, signal });
    await findOwnFile(place, job, place.isBucket && args.keep !== undefined);
    await place.store.probe(place.base);
  },
  inspect: (args, { buckets, signal, reads }) => inspectFile(openStore(args, { buckets, signal }), args, reads),
  open: (args, { run, job, buckets, signal, logger }) =>
    openFileSink({ place: openStore(args, { buckets, signal }), args, run, job, logger }),
});

/** Buckets of the same name at two servers are two targets. */
function inEndpoint(path: string, endpoint: string): string {
  return `${endpoint.replace(/\/+$/, '')}/${path.slice('s3://'.length)}`;
}
