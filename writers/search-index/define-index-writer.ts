/** The writers `opensearch` and `elasticsearch` use the same requests, so they differ in name and text. */
import { defineWriter, type ChangesWriter } from '../../src/component/writer.ts';
import { checkIndex } from './prepare-index.ts';
import { indexArgs, placeOf, type IndexArgs } from './index-args.ts';
import { openIndexClient } from './open-index-client.ts';
import { openIndexSink } from './open-index-sink.ts';

export function defineIndexWriter(type: string, product: string, versions: string): ChangesWriter {
  return defineWriter<IndexArgs>({
    type,
    version: 1,
    receives: 'changes',
    summary: `Publishes into an index of ${product} with bulk requests that hold only the changes.`,
    description: `${versions} The id of a record is the \`_id\` of its document, and the document is the record. Every change names the sequence number of
the last answer, so a document that another client changed is noticed and not overwritten unless \`on_conflict\` says so. A document that the index refuses, for example because of its
mapping, is rejected with the words of the server, and the others are stored. After a lost connection, documents are looked up before they are sent again.`,
    args: indexArgs,
    examples: [
      {
        title: 'Affiliations; documents of records that the source no longer holds are deleted',
        args: {
          url: 'https://search.example.org:9200',
          index: 'affiliations',
          username: 'vocab-sync',
          password: { $secret: 'env:SEARCH_PASSWORD' },
          on_missing: 'withdraw',
        },
      },
      {
        title: 'Withdrawn documents are marked; the index is created with its mappings',
        args: {
          url: 'https://search.example.org:9200',
          index: 'affiliations',
          api_key: { $secret: 'env:SEARCH_API_KEY' },
          on_missing: 'withdraw',
          withdrawn_field: 'withdrawn',
          settings: { number_of_shards: 1 },
          mappings: {
            dynamic: false,
            properties: { id: { type: 'keyword' }, name: { type: 'text' }, withdrawn: { type: 'boolean' } },
          },
        },
      },
    ],
    targetName: (args) => `${type}:${placeOf(args)}`,
    onMissing: ({ on_missing: onMissing }) => onMissing,
    onConflict: ({ on_conflict: onConflict }) => onConflict,
    limits: ({ batch, batch_bytes: batchBytes, concurrency, requests_per_second: perSecond }) => ({
      ...{ batch, batchBytes, concurrency },
      ...(perSecond === undefined ? {} : { requestsPerSecond: perSecond }),
    }),
    preflight: (args, { api, signal }) =>
      checkIndex(openIndexClient(args, { api, signal, turn: () => Promise.resolve() }), args),
    open: openIndexSink,
  });
}
