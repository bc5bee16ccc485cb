/**
 * Requests to one collection of Solr. The versions of documents are larger than numbers can be in JavaScript, so they are
 * texts here.
 */
import type { ApiAnswer, ApiService } from '../../src/component/services.ts';
import { ConfigError, UnavailableError } from '../../src/errors.ts';
import type { Held } from '../../src/records/change.ts';
import { getOwn, isJsonObject, type JsonObject } from '../../src/records/json-object.ts';
import type { SolrArgs } from './solr-args.ts';

export interface SolrAnswer {
  readonly status: number;
  readonly body: JsonObject;
  readonly reason: string;
}

export interface SolrClient {
  readonly place: string;
  /** `path` comes after the name of the collection. An object is sent as a form, a text as JSON. */
  post(path: string, body: string | Readonly<Record<string, string | readonly string[]>>): Promise<SolrAnswer>;
}

interface Context {
  readonly api: ApiService;
  readonly signal: AbortSignal;
  turn(): Promise<void>;
}

export function openSolrClient(args: SolrArgs, { api, signal, turn }: Context): SolrClient {
  const place = `${args.url.replace(/\/+$/, '')}/${args.collection}`;
  const basic =
    args.username === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(`${args.username}:${args.password ?? ''}`).toString('base64')}` };
  return {
    place,
    async post(path, body) {
      await turn();
      const isJson = typeof body === 'string';
      const answer = await api.ask({
        url: `${place}${path}`,
        method: 'POST',
        headers: { ...args.headers, ...basic, 'content-type': isJson ? 'application/json' : FORM },
        body: isJson ? body : toForm(body),
        signal,
        timeoutMs: args.timeout_seconds * 1000,
      });
      return judge(place, answer);
    },
  };
}

const FORM = 'application/x-www-form-urlencoded';

function toForm(values: Readonly<Record<string, string | readonly string[]>>): string {
  const form = new URLSearchParams({ wt: 'json', 'json.nl': 'map' });
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? (value as readonly string[]) : [value as string]) form.append(name, one);
  }
  return form.toString();
}

function judge(place: string, { status, body: text, reason: start, retryAfter }: ApiAnswer): SolrAnswer {
  const body = parseAnswer(text);
  const error = body === undefined ? undefined : getOwn(body, 'error');
  const msg = isJsonObject(error) ? getOwn(error, 'msg') : undefined;
  const reason = typeof msg === 'string' ? msg.replaceAll(/\s+/g, ' ').slice(0, 500) : start;
  const said = `${place} answered ${String(status)}${reason === '' ? '' : `: ${reason}`}`;
  if (status === 408 || status === 429 || status >= 500) {
    throw new UnavailableError('E_TARGET_UNAVAILABLE', `${said}. It is tried again.`, {
      details: { status },
      ...(retryAfter === undefined ? {} : { retryAfter }),
    });
  }
  if ([401, 403, 404, 405].includes(status) || (body === undefined && status < 400)) {
    throw new ConfigError(
      'E_TARGET_FORBIDDEN',
      `${said}. Check "url" and "collection", and the credential of the writer and its rights.`,
      { details: { status } },
    );
  }
  return { status, body: body ?? {}, reason };
}

/** Long numbers become texts; what is in quotes stays as it is. */
function parseAnswer(text: string): JsonObject | undefined {
  const exact = text.replaceAll(/"(?:[^"\\]|\\.)*"|-?\d{16,}/g, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  );
  try {
    const parsed = JSON.parse(exact) as unknown;
    return isJsonObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** The stored fields of a document, to be compared. */
export const ALL_FIELDS = '*,_version_';

/** Also sees what no commit has made visible yet. */
export async function readHeld(
  client: SolrClient,
  args: SolrArgs,
  ids: readonly string[],
  fields = fieldsOf(args),
): Promise<Map<string, Held>> {
  const answer = await client.post('/get', { id: ids, fl: fields, omitHeader: 'true' });
  if (answer.status !== 200) throw unexpected(client, answer);
  const { doc } = answer.body;
  const found = isJsonObject(doc) ? [doc] : docsOf(answer.body);
  return new Map(found.map((one) => toHeld(args, one)).map((held) => [held.id, held]));
}

/** Solr takes at most 1,024 clauses, unless it is configured otherwise. */
const IDS_AT_ONCE = 100;

/** The versions that searches show of these ids. */
export async function readShown(
  client: SolrClient,
  args: SolrArgs,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const shown = new Map<string, string>();
  for (let start = 0; start < ids.length; start += IDS_AT_ONCE) {
    const some = ids.slice(start, start + IDS_AT_ONCE);
    const q = `${args.id_field}:(${some.map(quoted).join(' OR ')})`;
    const answer = await client.post('/select', { q, rows: String(IDS_AT_ONCE), fl: `${args.id_field},_version_` });
    if (answer.status !== 200) throw unexpected(client, answer);
    for (const { id, remote } of docsOf(answer.body).map((one) => toHeld(args, one))) {
      shown.set(id, String(remote?.['version']));
    }
  }
  return shown;
}

function quoted(id: string): string {
  return `"${id.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

const PAGE = 500;

/** In order of the bytes of the id. */
export async function* listHeld(
  client: SolrClient,
  args: SolrArgs,
  after: string | undefined,
): AsyncIterable<readonly Held[]> {
  await client.post('/update', '{"commit": {}}');
  const key = args.id_field;
  for (let last = after; ;) {
    const q = last === undefined ? '*:*' : `${key}:{${quoted(last)} TO *]`;
    const answer = await client.post('/select', { q, sort: `${key} asc`, rows: String(PAGE), fl: ALL_FIELDS });
    if (answer.status !== 200) throw unexpected(client, answer);
    const held = docsOf(answer.body).map((one) => toHeld(args, one));
    if (held.length > 0) yield held;
    if (held.length < PAGE) return;
    last = held.at(-1)?.id;
  }
}

function fieldsOf({ id_field: id, digest_field: digest, withdrawn_field: withdrawn }: SolrArgs): string {
  return [id, '_version_', digest, ...(withdrawn === undefined ? [] : [withdrawn])].join(',');
}

function docsOf(body: JsonObject): readonly JsonObject[] {
  const response = getOwn(body, 'response');
  const docs = isJsonObject(response) ? getOwn(response, 'docs') : undefined;
  return Array.isArray(docs) ? docs.filter(isJsonObject) : [];
}

function toHeld(args: SolrArgs, found: JsonObject): Held {
  const one = (name: string): unknown => {
    const value = getOwn(found, name);
    return Array.isArray(value) ? (value as unknown[])[0] : value;
  };
  const isGone = args.withdrawn_field !== undefined && String(one(args.withdrawn_field)) === 'true';
  const digest = one(args.digest_field);
  const { _version_: _internal, ...fields } = found;
  return {
    document: { ...fields, id: String(one(args.id_field)) },
    id: String(one(args.id_field)),
    state: isGone ? 'gone' : 'live',
    remote: { version: String(one('_version_')), ...(typeof digest === 'string' ? { digest } : {}) },
  };
}

export function unexpected({ place }: SolrClient, { status, reason }: SolrAnswer): ConfigError {
  return new ConfigError(
    'E_TARGET_FORBIDDEN',
    `${place} answered ${String(status)}: ${reason}. Check the schema of the collection and the fields of the writer.`,
    { details: { status } },
  );
}
