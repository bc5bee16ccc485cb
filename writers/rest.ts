import { defineWriter } from '../src/component/writer.ts';
import { openRestSink } from './rest/open-rest-sink.ts';
import { restArgs, type RestArgs } from './rest/rest-args.ts';

/** One request is one change, so the batch size is the number of concurrent requests. */
const BATCH_BYTES = 4 * 1024 * 1024;

export const rest = defineWriter<RestArgs>({
  type: 'rest',
  version: 1,
  receives: 'changes',
  summary: 'Publishes into any HTTP interface: one request for each changed record, made from templates.',
  description: `The job defines method, path and body for each kind of change, and the meaning of the response statuses. \`Retry-After\`
is respected. If the response to a request is lost, the request may have been carried out. The record is then looked up with \`look\` before
it is sent again, so nothing is created twice. Redirects are not followed, because credentials must not be sent to another address.`,
  args: restArgs,
  examples: [
    {
      title: 'Records under the ids of the job',
      args: {
        url: 'https://repository.example.org/api/affiliations',
        headers: { Authorization: { $secret: 'env:TARGET_AUTHORIZATION' } },
        update: { method: 'PUT', path: '/{/id}' },
        remove: { method: 'DELETE', path: '/{/id}' },
        look: { path: '/{/id}' },
        on_missing: 'withdraw',
        requests_per_second: 50,
      },
    },
    {
      title: 'Items of DSpace 7, which assigns its own ids',
      args: {
        url: 'https://dspace.example.org/server/api',
        headers: {
          Authorization: { $secret: 'env:DSPACE_AUTHORIZATION' },
          'X-XSRF-TOKEN': { $secret: 'env:DSPACE_XSRF_TOKEN' },
          Cookie: { $secret: 'env:DSPACE_XSRF_COOKIE' },
        },
        create: {
          method: 'POST',
          path: '/core/items?owningCollection=1c1a9b2e-0000-4000-8000-000000000001',
          body: {
            name: '{/title/en}',
            metadata: {
              'dc.title': [{ value: '{/title/en}' }],
              'dc.identifier.other': [{ value: '{/id}' }],
            },
            inArchive: true,
            discoverable: true,
            withdrawn: false,
            type: 'item',
          },
        },
        update: {
          method: 'PUT',
          path: '/core/items/{remote/uuid}',
          body: {
            uuid: '{remote/uuid}',
            name: '{/title/en}',
            metadata: { 'dc.title': [{ value: '{/title/en}' }], 'dc.identifier.other': [{ value: '{/id}' }] },
            type: 'item',
          },
        },
        look: {
          path: '/discover/search/objects?query=dc.identifier.other:%22{/id}%22',
          found: '/_embedded/searchResult/_embedded/objects/0/_embedded/indexableObject',
        },
        remote: { uuid: '/uuid' },
      },
    },
  ],
  targetName: ({ url }) => `rest:${url}`,
  onMissing: ({ on_missing: onMissing }) => onMissing,
  onConflict: ({ on_conflict: onConflict }) => onConflict,
  limits: ({ concurrency, requests_per_second: perSecond }) => ({
    batch: 1,
    batchBytes: BATCH_BYTES,
    concurrency,
    ...(perSecond === undefined ? {} : { requestsPerSecond: perSecond }),
  }),
  open: (args, context) => Promise.resolve(openRestSink(args, context)),
});
