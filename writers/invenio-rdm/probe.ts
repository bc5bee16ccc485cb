/** What an InvenioRDM takes from this token, found out by a record that it can never store. */
import { isJsonObject } from '../../src/records/json-object.ts';
import { requireStatus, type Client } from './open-client.ts';
import type { Vocabulary } from './vocabulary.ts';

/** No version knows this member, and a record with an unknown member is refused, so the probe writes nothing. */
const UNKNOWN_MEMBER = 'vocab_sync_probe';

/**
 * Returns the members that this version does not know. Throws ConfigError where the token may not create records or the
 * address is not that of a vocabulary. The rights are checked before the record is looked at.
 */
export async function probe(
  client: Client,
  { path, newMembers, constants, leastMembers }: Vocabulary,
): Promise<Set<string>> {
  const values = Object.fromEntries(newMembers.map((member) => [member, SAMPLES[member]]));
  const body = { ...constants, ...leastMembers, ...values, [UNKNOWN_MEMBER]: true };
  const answer = await client.ask('POST', path, { body });
  requireStatus(answer, [400], 'InvenioRDM to refuse a record with a member that it does not know');
  const errors = Array.isArray(answer.body['errors']) ? answer.body['errors'].filter(isJsonObject) : [];
  const unknown = errors.filter(({ messages }) => Array.isArray(messages) && messages.includes('Unknown field.'));
  return new Set(unknown.map(({ field }) => String(field).split('.')[0] ?? '').filter((field) => field in values));
}

const SAMPLES: Readonly<Record<string, unknown>> = {
  website: 'https://example.org',
  domains: ['example.org'],
  short_description: { en: 'probe' },
};

/** Reads the vocabulary once: the address, the vocabulary and, where reading needs one, the token. */
export async function requireVocabulary(client: Client, { path, name }: Vocabulary): Promise<void> {
  const answer = await client.ask('GET', `${path}?size=1`);
  requireStatus(answer, [200], `the vocabulary ${name} at ${client.url}${path}`);
}
