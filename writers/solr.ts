import { defineWriter } from '../src/component/writer.ts';
import { checkCollection, openSolrSink } from './solr/open-solr-sink.ts';
import { openSolrClient } from './solr/open-solr-client.ts';
import { solrArgs, type SolrArgs } from './solr/solr-args.ts';

export const solr = defineWriter<SolrArgs>({
  type: 'solr',
  version: 1,
  receives: 'changes',
  summary: 'Publishes into a collection of Apache Solr with update requests that hold only the changes.',
  description: `Tested with Solr 9.10. Nested members of a record become fields with joined names, or the fields that the job lists. Every change names
the \`_version_\` of the last answer, so a document that another client changed is noticed and not overwritten unless \`on_conflict\` says so. A document that
Solr refuses is rejected with the words of Solr, and the others are stored. After a lost connection, documents are looked up before they are sent again.`,
  args: solrArgs,
  examples: [
    {
      title: 'Chosen fields; documents of records that the source no longer holds are deleted',
      args: {
        url: 'https://search.example.org:8983/solr',
        collection: 'affiliations',
        username: 'vocab-sync',
        password: { $secret: 'env:SOLR_PASSWORD' },
        fields: { name_s: '/name', title_txt_en: '/title/en', acronym_s: '/acronym' },
        on_missing: 'withdraw',
      },
    },
  ],
  targetName: ({ url, collection }) => `solr:${placeOf(url)}/${collection}`,
  onMissing: ({ on_missing: onMissing }) => onMissing,
  onConflict: ({ on_conflict: onConflict }) => onConflict,
  limits: ({ batch, batch_bytes: batchBytes, concurrency, requests_per_second: perSecond }) => ({
    ...{ batch, batchBytes, concurrency },
    ...(perSecond === undefined ? {} : { requestsPerSecond: perSecond }),
  }),
  preflight: (args, { api, signal }) =>
    checkCollection(openSolrClient(args, { api, signal, turn: () => Promise.resolve() })),
  open: (args, context) => Promise.resolve(openSolrSink(args, context)),
});

/** Host, port and path: `http` and `https` of one server are one target. */
function placeOf(url: string): string {
  if (!URL.canParse(url)) return url;
  const { host, pathname } = new URL(url);
  return `${host}${pathname.replace(/\/+$/, '')}`;
}
