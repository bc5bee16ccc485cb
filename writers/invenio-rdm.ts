import { defineWriter } from '../src/component/writer.ts';
import { countReferencesIn } from './invenio-rdm/count-references.ts';
import {
  countResolvedIn,
  invenioFields,
  preflightInvenio,
  targetNameOf,
  toSinkArgs,
  type InvenioArgs,
} from './invenio-rdm/invenio-args.ts';
import { openSink } from './invenio-rdm/open-sink.ts';

/** A kill leaves these, times the concurrency, to be looked up. */
const BATCH = 25;

export const invenioRdm = defineWriter<InvenioArgs>({
  type: 'invenio-rdm',
  version: 1,
  receives: 'changes',
  summary: 'Publishes into a vocabulary of an InvenioRDM over its REST API, one request for each record that changed.',
  description: `An edit by someone in InvenioRDM is noticed by its revision, and not overwritten unless the job allows it. A record that
InvenioRDM would store in the same form (after its clean-up of quotes, white space and identifiers) is not sent. References to missing
records are found before they are sent. Members that its version does not know (\`website\` and \`domains\` before version 15) are omitted
with a warning. If a private authority signed its certificate, the worker needs the file of the authority in \`NODE_EXTRA_CA_CERTS\`.`,
  args: invenioFields,
  examples: [
    {
      title: 'Affiliations; what the source no longer holds is not suggested any more',
      args: {
        url: 'https://rdm.example.org/api',
        vocabulary: 'affiliations',
        token: { $secret: 'env:INVENIO_TOKEN' },
        on_missing: 'withdraw',
      },
    },
    {
      title: 'Awards; unknown funders and subjects are left out of the record',
      args: {
        url: 'https://rdm.example.org/api',
        vocabulary: 'awards',
        token: { $secret: 'env:INVENIO_TOKEN' },
        on_missing_reference: 'drop',
      },
    },
    {
      title: 'A generic vocabulary',
      args: { url: 'https://rdm.example.org/api', vocabulary: 'languages', token: { $secret: 'env:INVENIO_TOKEN' } },
    },
  ],
  targetName: targetNameOf,
  onMissing: ({ on_missing }) => on_missing,
  onConflict: ({ on_conflict }) => on_conflict,
  limits: ({ concurrency, requests_per_second: requestsPerSecond }) => ({
    batch: BATCH,
    batchBytes: 4 * 1024 * 1024,
    concurrency,
    requestsPerSecond,
  }),
  async preflight(args, context) {
    await preflightInvenio(args, context);
  },
  countResolved: countResolvedIn,
  open: (args, context) => openSink(toSinkArgs(args), context),
  countReferences: countReferencesIn,
});
