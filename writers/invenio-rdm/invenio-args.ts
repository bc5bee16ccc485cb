/**
 * The common parts of the InvenioRDM writers: their arguments, the name of their target, and the check before a run.
 */
import { z } from 'zod';
import type { PreflightContext, Waiting } from '../../src/component/writer.ts';
import { countResolved } from './check-references.ts';
import { openClient, type Client } from './open-client.ts';
import type { SinkArgs } from './open-sink.ts';
import { probe, requireVocabulary } from './probe.ts';
import { toVocabulary } from './vocabulary.ts';

export const invenioFields = z.strictObject({
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
      'How a record is withdrawn. `tag` adds a tag, and the record stays: with `unlisted`, InvenioRDM shows and suggests it only to superusers. `delete` deletes it permanently: InvenioRDM never accepts a deleted id again, and records that refer to it keep an id without a name.',
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
      'What happens to a record that refers to a funder, affiliation or subject that InvenioRDM does not hold: `reject` reports it, `drop` publishes it without the reference. A name next to the id stays.',
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

export type InvenioArgs = z.infer<typeof invenioFields>;

type Connection = Pick<InvenioArgs, 'url' | 'token' | 'vocabulary'>;

/** The same for all writers into one vocabulary, so that a job can change from one to another and keep its records. */
export function targetNameOf({ url, vocabulary }: Connection): string {
  return `invenio-rdm:${placeOf(url)}/${vocabulary}`;
}

/** Returns the client that it used. */
export async function preflightInvenio(args: Connection, context: PreflightContext): Promise<Client> {
  const client = clientFor(args, context);
  await requireVocabulary(client, toVocabulary(args.vocabulary));
  await probe(client, toVocabulary(args.vocabulary));
  return client;
}

export function countResolvedIn(
  args: Connection,
  waiting: readonly Waiting[],
  context: PreflightContext,
): Promise<number> {
  return countResolved(clientFor(args, context), toVocabulary(args.vocabulary), waiting);
}

function clientFor({ url, token }: Connection, { api, signal }: PreflightContext): Client {
  return openClient({ url, token, api, signal, turn: () => Promise.resolve() });
}

export function toSinkArgs({
  url,
  token,
  vocabulary,
  withdrawal,
  on_missing_reference: onMissingReference,
}: InvenioArgs): SinkArgs {
  return { url, token, vocabulary, tag: withdrawal.type === 'tag' ? withdrawal.tag : undefined, onMissingReference };
}

/** Host, port and path: two names of one server are two targets, `http` and `https` are one. */
function placeOf(url: string): string {
  if (!URL.canParse(url)) return url;
  const { host, pathname } = new URL(url);
  return `${host}${pathname.replace(/\/+$/, '')}`;
}
