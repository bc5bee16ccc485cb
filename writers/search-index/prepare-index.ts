/** Whether the index can be written, and its creation. */
import type { IndexArgs } from './index-args.ts';
import { ConfigError, UnavailableError } from '../../src/errors.ts';
import { getOwn, isJsonObject } from '../../src/records/json-object.ts';
import { forbidden, isBlock, reasonOf, requireStatus, type IndexClient } from './open-index-client.ts';
import { listOf } from './read-documents.ts';

/**
 * Creates the index if it does not exist, the job allows it, and there is something to write. Returns whether it exists.
 * Another worker may create it at the same time.
 */
export async function prepareIndex(client: IndexClient, args: IndexArgs, readOnly: boolean): Promise<boolean> {
  if (await isThere(client, args)) return true;
  if (readOnly) return false;
  const { settings, mappings } = args;
  const answer = await client.ask({ method: 'PUT', path: '', body: { settings, mappings } });
  if (answer.status === 400 && answer.reason.includes('resource_already_exists_exception')) return true;
  requireStatus(client, answer, [200], 'the index to be created with the "settings" and "mappings" of the writer');
  return true;
}

/** Writes nothing. Throws if the index is missing and not to be created, or if it would refuse a bulk request. */
export async function checkIndex(client: IndexClient, args: IndexArgs): Promise<void> {
  if (await isThere(client, args)) await checkRights(client);
}

async function isThere(client: IndexClient, args: IndexArgs): Promise<boolean> {
  const answer = await client.ask({ method: 'GET', path: '' });
  requireStatus(client, answer, [200, 404], 'the index to be described');
  if (answer.status === 200) {
    const names = Object.keys(answer.body);
    if (names.length === 1) return true;
    throw new ConfigError(
      'E_TARGET_FORBIDDEN',
      `Expected "${args.index}" to be an index or an alias of one index, found an alias of ${names.join(', ')}. Name one of them in "index".`,
    );
  }
  if (!answer.reason.includes('index_not_found_exception')) {
    throw forbidden(`Expected a search server at ${args.url}, found 404: ${answer.reason}. Check "url".`, 404);
  }
  if (args.on_missing_index === 'create') return false;
  throw forbidden(`The index ${client.place} does not exist. Create it, or set "on_missing_index" to "create".`, 404);
}

/** The document does not exist, so a deletion that expects a sequence number can only be refused, after the rights were checked. */
async function checkRights(client: IndexClient): Promise<void> {
  const action = { delete: { _id: 'vocab-sync-preflight', if_seq_no: Number.MAX_SAFE_INTEGER, if_primary_term: 1 } };
  const answer = await client.ask({ method: 'POST', path: '/_bulk', body: `${JSON.stringify(action)}\n` });
  requireStatus(client, answer, [200], 'a bulk request to be accepted');
  const told = listOf(answer.body, 'items').map((item) => getOwn(item, 'delete'))[0];
  const status = isJsonObject(told) ? Number(getOwn(told, 'status')) : 0;
  if (status === 409) return;
  const error = isJsonObject(told) ? getOwn(told, 'error') : undefined;
  const said = `${client.place} answered ${String(status)} to a deletion that it should refuse with 409: ${reasonOf(error)}`;
  if (status === 429 || status >= 500 || isBlock(error)) throw new UnavailableError('E_TARGET_UNAVAILABLE', said);
  throw forbidden(`${said}. Check the credential of the writer and its rights on the index.`, status);
}
