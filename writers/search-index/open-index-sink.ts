/** One publication into an index of OpenSearch or Elasticsearch. */
import type { ChangesContext, ChangesSink } from '../../src/component/writer.ts';
import { ConfigError, UnavailableError, type VocabSyncError } from '../../src/errors.ts';
import { againAfter, type Change, type ChangeResult } from '../../src/records/change.ts';
import type { IndexArgs } from './index-args.ts';
import { decideFirst, decideOn, isOperation, type Operation } from './make-operation.ts';
import { openIndexClient, requireStatus } from './open-index-client.ts';
import { prepareIndex } from './prepare-index.ts';
import { listDocuments, readDocuments, type Reading } from './read-documents.ts';
import { sendBulk, type Bulk } from './send-bulk.ts';

/** So often a document may change between reading and writing it. */
const MOST_ROUNDS = 3;

export async function openIndexSink(args: IndexArgs, context: ChangesContext): Promise<ChangesSink> {
  const client = openIndexClient(args, context);
  const isThere = await prepareIndex(client, args, context.readOnly === true);
  const reading: Reading = { client, withdrawnField: args.withdrawn_field };
  const bulk: Bulk = { client, refresh: args.refresh, size: { bytes: Number.POSITIVE_INFINITY } };
  return {
    look: (ids) => readDocuments(reading, isThere ? ids : []),
    list: (after) => (isThere ? listDocuments(reading, after) : nothing()),
    write: (changes) => writeAll(reading, bulk, changes),
    async finish() {
      if (args.refresh === 'never') return;
      const answer = await client.ask({ method: 'POST', path: '/_refresh' });
      requireStatus(client, answer, [200], 'the index to be refreshed');
    },
    close: () => Promise.resolve(),
  };
}

/** An index that does not exist holds nothing. */
// eslint-disable-next-line @typescript-eslint/require-await
async function* nothing(): AsyncGenerator<never> {
  yield* [];
}

/** What ends the batch must not lose the answers that are there: the changes without one are to be sent again. */
async function writeAll(reading: Reading, bulk: Bulk, changes: readonly Change[]): Promise<readonly ChangeResult[]> {
  const results = new Map<string, ChangeResult>();
  let failure: VocabSyncError | undefined;
  try {
    failure = await writeInRounds(reading, bulk, changes, results);
  } catch (thrown) {
    const isKnown = thrown instanceof UnavailableError || thrown instanceof ConfigError;
    if (!isKnown) throw thrown;
    failure = thrown;
  }
  if (failure !== undefined && results.size === 0) throw failure;
  const why = failure ?? { message: 'it changes in the index faster than it can be written' };
  return changes.map(({ id }) => results.get(id) ?? againAfter(id, why));
}

/** Fills `results`. Returns what some operations failed with, if it concerns more than single records. */
async function writeInRounds(
  reading: Reading,
  bulk: Bulk,
  changes: readonly Change[],
  results: Map<string, ChangeResult>,
): Promise<VocabSyncError | undefined> {
  const { withdrawnField } = reading;
  let failure: VocabSyncError | undefined;
  let toLook: Change[] = [];
  let operations: Operation[] = [];
  const sort = (change: Change, decision: ReturnType<typeof decideFirst>): void => {
    if (decision === 'look') toLook.push(change);
    else if (isOperation(decision)) operations.push(decision);
    else results.set(change.id, decision);
  };
  for (const change of changes) sort(change, decideFirst(change, withdrawnField));
  for (let round = 0; round < MOST_ROUNDS && failure === undefined; round += 1) {
    const outcomes = operations.length === 0 ? new Map<string, never>() : await sendBulk(bulk, operations);
    for (const { change } of operations) {
      const outcome = outcomes.get(change.id) ?? { result: 'stale' };
      if (outcome.result === 'stale') toLook.push(change);
      else if (outcome.result === 'failed') failure = outcome.error;
      else results.set(change.id, outcome);
    }
    const looked = toLook;
    [operations, toLook] = [[], []];
    if (looked.length === 0 || failure !== undefined) break;
    const held = await readDocuments(
      reading,
      looked.map(({ id }) => id),
    );
    for (const change of looked) sort(change, decideOn(change, held.get(change.id), withdrawnField));
  }
  return failure;
}
