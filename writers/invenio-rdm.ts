import { z } from 'zod';
import { defineWriter } from '../src/component/writer.ts';
import { openClient } from './invenio-rdm/open-client.ts';
import { openSink } from './invenio-rdm/open-sink.ts';
import { probe, requireVocabulary } from './invenio-rdm/probe.ts';
import { toVocabulary } from './invenio-rdm/vocabulary.ts';

const fields = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'expected the address of the API, such as https://rdm.example.org/api' })
    .describe('The address of the REST API, such as `https://rdm.example.org/api`.'),
  vocabulary: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_-]*$/, 'expected the name of a vocabulary, such as affiliations or languages')
    .describe(
      'The vocabulary: `affiliations`, `funders`, `names`, `awards`, `subjects`, or the type of a generic one, such as `languages`.',
    ),
  token: z
    .string()
    .min(1)
    .describe(
      'An access token of a user who may manage vocabularies, by `{"$secret": "env:NAME"}` or `{"$secret": "file:/path"}`.',
    ),
  on_missing: z
    .enum(['keep', 'withdraw'])
    .default('keep')
    .describe(
      'What happens to a record that a complete read of the source no longer holds: `keep` leaves it, `withdraw` does what `withdrawal` says.',
    ),
  withdrawal: z
    .discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('tag'),
        tag: z.string().trim().min(1).default('unlisted').describe('The tag that is added to a withdrawn record.'),
      }),
      z.strictObject({ type: z.literal('delete') }),
    ])
    .default({ type: 'tag', tag: 'unlisted' })
    .describe(
      'How a record is withdrawn. `tag` adds a tag, and the record stays: with `unlisted`, InvenioRDM shows and suggests it to nobody but superusers. `delete` deletes it for ever: InvenioRDM never takes a deleted id again, and what refers to it keeps an id without a name.',
    ),
  on_conflict: z
    .enum(['keep', 'overwrite'])
    .default('keep')
    .describe(
      'What happens to a record that was edited in InvenioRDM since it was published, or made there: `keep` leaves and reports it, `overwrite` replaces it.',
    ),
  on_missing_reference: z
    .enum(['reject', 'drop'])
    .default('reject')
    .describe(
      'What happens to a record that refers to a funder, affiliation or subject that InvenioRDM does not hold: `reject` reports it, `drop` publishes it without the reference. A name beside the id stays.',
    ),
  concurrency: z
    .int()
    .min(1)
    .max(32)
    .default(4)
    .describe('How many requests are in progress together. More than four gained nothing in measurements.'),
  requests_per_second: z
    .number()
    .min(0.1)
    .max(1000)
    .default(16)
    .describe(
      'The most requests in a second. InvenioRDM allows 1,000 a minute and 25,000 an hour by default; raise this only if its `RATELIMIT_AUTHENTICATED_USER` is raised. When the budget is used up, the writer waits.',
    ),
});

type InvenioArgs = z.infer<typeof fields>;

/** A kill leaves these, times the concurrency, to be looked up. */
const BATCH = 25;

export const invenioRdm = defineWriter<InvenioArgs>({
  type: 'invenio-rdm',
  version: 1,
  receives: 'changes',
  summary: 'Publishes into a vocabulary of an InvenioRDM over its REST API, one request for each record that changed.',
  description: `An edit that somebody made in InvenioRDM is noticed by its revision and not overwritten unless the job says so. Records that
InvenioRDM would store alike (its clean-up of quotes, white space and identifiers counted in) are not sent. References to records that it does not
hold are found before they are sent. Members that its version does not know (\`website\` and \`domains\` before version 15) are left out with a warning.
Where a private authority signed its certificate, the worker needs the file of the authority in \`NODE_EXTRA_CA_CERTS\`.`,
  args: fields,
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
  targetName: ({ url, vocabulary }) => `invenio-rdm:${placeOf(url)}/${vocabulary}`,
  onMissing: ({ on_missing }) => on_missing,
  onConflict: ({ on_conflict }) => on_conflict,
  limits: ({ concurrency, requests_per_second: requestsPerSecond }) => ({
    batch: BATCH,
    batchBytes: 4 * 1024 * 1024,
    concurrency,
    requestsPerSecond,
  }),
  async preflight({ url, token, vocabulary }, { api, signal }) {
    const client = openClient({ url, token, api, signal, turn: () => Promise.resolve() });
    await requireVocabulary(client, toVocabulary(vocabulary));
    await probe(client, toVocabulary(vocabulary));
  },
  open: ({ url, token, vocabulary, withdrawal, on_missing_reference: onMissingReference }, context) => {
    const tag = withdrawal.type === 'tag' ? withdrawal.tag : undefined;
    return openSink({ url, token, vocabulary, tag, onMissingReference }, context);
  },
});

/** Host, port and path: two names of one server are two targets, `http` and `https` are one. */
function placeOf(url: string): string {
  if (!URL.canParse(url)) return url;
  const { host, pathname } = new URL(url);
  return `${host}${pathname.replace(/\/+$/, '')}`;
}
