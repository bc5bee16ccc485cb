/**
 * One publication into a collection of Solr. Solr ends an update at the first document that it refuses, and keeps the ones
 * before. So after a refusal the documents are looked up, the first that did not arrive is sent alone, and then the rest.
 */
import type { ChangesContext, ChangesSink } from '../../src/component/writer.ts';
import { ConfigError, UnavailableError, type VocabSyncError } from '../../src/errors.ts';
import { againAfter, type Change, type ChangeResult, type Held } from '../../src/records/change.ts';
import { getOwn, isJsonObject } from '../../src/records/json-object.ts';
import { ALL_FIELDS, listHeld, openSolrClient, readHeld, unexpected, type SolrClient } from './open-solr-client.ts';
import type { SolrArgs } from './solr-args.ts';
import { compareStored } from './compare-stored.ts';
import { makeVisible, rememberWrites, type Written } from './make-visible.ts';
import { toSolrDocument, type SolrDocument } from './to-solr-document.ts';

/** So often a document may change between reading and writing it. */
const MOST_ROUNDS = 3;
const COMMIT_WITHIN_MS = 60_000;
/** Solr: the document must not exist. */
const NEW = '-1';

export function openSolrSink(args: SolrArgs, context: ChangesContext): ChangesSink {
  const client = openSolrClient(args, context);
  const written = rememberWrites();
  return {
    look: (ids) => readHeld(client, args, ids, ALL_FIELDS),
    list: (after) => listHeld(client, args, after),
    compare: (expected, held) => compareStored(args, expected, held),
    write: (changes) => writeAll({ client, args, results: new Map() }, changes, written),
    async finish() {
      if (args.commit === 'end') await makeVisible(client, args, written, context.signal);
    },
    close: () => Promise.resolve(),
  };
}

/** Throws if the collection cannot be written. The document does not exist, so its deletion is refused with 409. */
export async function checkCollection(client: SolrClient): Promise<void> {
  const answer = await client.post('/update', `{"delete": {"id": "vocab-sync-preflight", "_version_": 1}}`);
  if (answer.status !== 409) throw unexpected(client, answer);
}

interface Writing {
  readonly client: SolrClient;
  readonly args: SolrArgs;
  readonly results: Map<string, ChangeResult>;
}

interface Operation {
  readonly change: Change;
  /** Undefined: the document is deleted. */
  readonly wanted: SolrDocument | undefined;
  /** What Solr must hold: a version, or `NEW`. */
  readonly expected: string;
}

async function writeAll(
  writing: Writing,
  changes: readonly Change[],
  written: Written,
): Promise<readonly ChangeResult[]> {
  const { results } = writing;
  let failure: VocabSyncError | undefined;
  try {
    await writeInRounds(writing, changes);
  } catch (thrown) {
    const isKnown = thrown instanceof UnavailableError || thrown instanceof ConfigError;
    if (!isKnown || results.size === 0) throw thrown;
    failure = thrown;
  }
  for (const change of changes) written.add(change, results.get(change.id));
  const why = failure ?? { message: 'it changes in Solr faster than it can be written' };
  return changes.map(({ id }) => results.get(id) ?? againAfter(id, why));
}

async function writeInRounds(writing: Writing, changes: readonly Change[]): Promise<void> {
  const { client, args, results } = writing;
  let stale: Change[] = [];
  let operations: Operation[] = [];
  const sort = (change: Change, decision: Operation | ChangeResult): void => {
    if ('expected' in decision) operations.push(decision);
    else results.set(change.id, decision);
  };
  for (const change of changes) {
    const { kind, remote, found } = change;
    const version = remote?.['version'];
    if (found !== undefined) sort(change, decideOn(args, change, found.held));
    else if (kind === 'insert' || remote?.['deleted'] === true) sort(change, decideOn(args, change, undefined));
    else if (typeof version === 'string') operations.push(toOperation(args, change, version));
    else stale.push(change);
  }
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    stale.push(...(await send(writing, operations)));
    operations = [];
    if (stale.length === 0) return;
    const held = await readHeld(
      client,
      args,
      stale.map(({ id }) => id),
    );
    for (const change of stale) sort(change, decideOn(args, change, held.get(change.id)));
    stale = [];
  }
}

function toOperation(args: SolrArgs, change: Change, expected: string): Operation {
  return { change, wanted: wantedOf(args, change), expected };
}

function wantedOf(args: SolrArgs, { kind, document }: Change): SolrDocument | undefined {
  const isWithdrawal = kind === 'withdraw';
  return isWithdrawal && args.withdrawn_field === undefined ? undefined : toSolrDocument(args, document, isWithdrawal);
}

function decideOn(args: SolrArgs, change: Change, held: Held | undefined): Operation | ChangeResult {
  const { id, kind, remote, found, before, overwrites } = change;
  if (held === undefined) {
    return kind === 'withdraw' ? { id, result: 'done', remote: { deleted: true } } : toOperation(args, change, NEW);
  }
  const wanted = wantedOf(args, change);
  const version = String(held.remote?.['version']);
  if (wanted !== undefined && held.remote?.['digest'] === wanted.digest) {
    return { id, result: 'done', remote: { version } };
  }
  // A run ended while it sent this record, and what it sent is not known: a document with a digest is a writer's own.
  const isLost =
    found !== undefined && before === undefined && kind !== 'insert' && held.remote?.['digest'] !== undefined;
  if (overwrites || isLost || version === remote?.['version']) return toOperation(args, change, version);
  const what =
    kind === 'insert' || remote === undefined
      ? 'Solr holds a document of this id that this job did not publish'
      : 'Another client changed it in Solr since it was published';
  return { id, result: 'conflict', message: `${what} (version ${version}). It was left as it is.` };
}

/** Fills the results. Returns the changes whose documents are not what they were expected to be. */
async function send(writing: Writing, operations: readonly Operation[]): Promise<Change[]> {
  const { client, args, results } = writing;
  const stale: Change[] = [];
  const queue: (readonly Operation[])[] = operations.length === 0 ? [] : [operations];
  for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
    const [first] = part;
    if (first === undefined) continue;
    const within = args.commit === 'never' ? '' : `&commitWithin=${String(COMMIT_WITHIN_MS)}`;
    const answer = await client.post(`/update?wt=json&json.nl=map&versions=true${within}`, toBody(args, part));
    if (answer.status === 200) {
      for (const operation of part) results.set(operation.change.id, doneOf(operation, getOwn(answer.body, 'adds')));
    } else if (answer.reason.includes(`unknown field '${args.digest_field}'`)) {
      throw unexpected(client, answer);
    } else if (part.length > 1 && answer.status === 413) {
      queue.unshift(part.slice(0, part.length >> 1), part.slice(part.length >> 1));
    } else if (part.length > 1) {
      const rest = await withoutArrived(writing, part);
      queue.unshift(rest.slice(0, 1), rest.slice(1));
    } else if (answer.status === 409) {
      stale.push(first.change);
    } else {
      const message = `Solr does not take it (${String(answer.status)}): ${answer.reason}`;
      results.set(first.change.id, { id: first.change.id, result: 'rejected', code: 'E_TARGET_REFUSED', message });
    }
  }
  return stale;
}

async function withoutArrived({ client, args, results }: Writing, part: readonly Operation[]): Promise<Operation[]> {
  const held = await readHeld(
    client,
    args,
    part.map(({ change }) => change.id),
  );
  return part.filter(({ change, wanted }) => {
    const decision = decideOn(args, change, held.get(change.id));
    const isArrived =
      'result' in decision && decision.result === 'done' && (wanted !== undefined || !held.has(change.id));
    if (isArrived) results.set(change.id, decision);
    return !isArrived;
  });
}

function doneOf({ change: { id }, wanted }: Operation, adds: unknown): ChangeResult {
  if (wanted === undefined) return { id, result: 'done', remote: { deleted: true } };
  const version = isJsonObject(adds) ? getOwn(adds, id) : undefined;
  return { id, result: 'done', ...(typeof version === 'string' ? { remote: { version } } : {}) };
}

/** Solr takes the same member several times, in order. */
function toBody(args: SolrArgs, operations: readonly Operation[]): string {
  const members = operations.map(({ change, wanted, expected }) => {
    const version = `"_version_":${expected}}`;
    if (wanted === undefined) return `"delete":{"id":${JSON.stringify(change.id)},${version}`;
    return `"add":{"doc":${JSON.stringify(wanted.fields).slice(0, -1)},${version}}`;
  });
  return `{${members.join(',')}}`;
}
