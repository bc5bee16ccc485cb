/** One publication into an InvenioRDM. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangesContext, ChangesSink } from '../../src/component/writer.ts';
import { ConfigError, UnavailableError } from '../../src/errors.ts';
import { againAfter, type Change, type ChangeResult, type Held } from '../../src/records/change.ts';
import { openReferences } from './check-references.ts';
import { compareRecord } from './compare-record.ts';
import type { Sender } from './make-wish.ts';
import { openClient } from './open-client.ts';
import { probe } from './probe.ts';
import { findRecords, isHidden, listRecords, readRecord, SEARCH_LAG_MS } from './read-records.ts';
import { sendChange } from './send-change.ts';
import { toVocabulary } from './vocabulary.ts';

export interface SinkArgs {
  readonly url: string;
  readonly token: string;
  readonly vocabulary: string;
  readonly tag: string | undefined;
  readonly onMissingReference: 'reject' | 'drop';
}

/** Loads records in bulk. Returns the results of the records that it loaded. The others are sent. */
export type Load = (sender: Sender, changes: readonly Change[]) => Promise<readonly ChangeResult[]>;

export interface SinkOptions {
  /** Absent: each change is a request of its own. */
  readonly load?: Load;
  /** How many changes of one batch are sent together. Default: 1, because the engine hands over several batches at once. */
  readonly lanes?: number;
}

/** More are looked up by search, after its lag, so that it shows what an earlier attempt wrote. */
const MANY_IDS = 100;
/**
 * More ids than `verify` asks for at once are those of a bulk load whose attempt was killed. What search does not show of
 * them is not read individually: before it loads them again, the load waits for the job and compares with a list.
 */
const IDS_OF_A_LOAD = 200;

export async function openSink(
  args: SinkArgs,
  context: ChangesContext,
  { load, lanes = 1 }: SinkOptions = {},
): Promise<ChangesSink> {
  const { logger, signal } = context;
  const vocabulary = toVocabulary(args.vocabulary);
  const client = openClient({ ...args, ...context });
  const unknownMembers = await probe(client, vocabulary);
  const sender: Sender = {
    ...{ client, vocabulary, unknownMembers, tag: args.tag, onMissingReference: args.onMissingReference },
    references: openReferences(client, vocabulary),
  };
  const leftOut = { members: 0, references: 0 };
  const fields = { run: context.run, job: context.job, task: context.task, target: `${client.url}${args.vocabulary}` };
  if (unknownMembers.size > 0) {
    logger.warn('InvenioRDM does not know some members of the records. They are left out.', {
      ...fields,
      members: [...unknownMembers],
    });
  }
  return {
    look: (ids) => lookUp(sender, ids, load !== undefined, signal),
    list: (after) => listRecords(client, vocabulary, after),
    compare: (expected, held) => compareRecord(sender, expected, held),
    async write(changes) {
      const sent = changes.filter(({ kind }) => kind !== 'withdraw' || args.tag !== undefined);
      await sender.references.prepare(sent);
      const loaded = (await load?.(sender, changes)) ?? [];
      const isLoaded = new Set(loaded.map(({ id }) => id));
      const rest = changes.filter(({ id }) => !isLoaded.has(id));
      const inLanes = Array.from({ length: lanes }, (_, lane) => rest.filter((_change, i) => i % lanes === lane));
      const results = await Promise.all(
        inLanes.filter((some) => some.length > 0).map((some) => sendAll(sender, some, signal)),
      );
      const all = [...loaded, ...results.flat()];
      for (const result of all) count(result, unknownMembers, leftOut);
      return all;
    },
    close() {
      const requests = Object.fromEntries(client.sent);
      logger.info('The publication into InvenioRDM was closed.', { ...fields, requests, left_out: leftOut });
      return Promise.resolve();
    },
  };
}

/** What ends the batch must not lose the answers that are there: the changes after it are to be sent again. */
async function sendAll(
  sender: Sender,
  changes: readonly Change[],
  signal: AbortSignal,
): Promise<readonly ChangeResult[]> {
  const results: ChangeResult[] = [];
  for (const change of changes) {
    try {
      signal.throwIfAborted();
      results.push(await sendChange(sender, change));
    } catch (thrown) {
      const isKnown = thrown instanceof UnavailableError || thrown instanceof ConfigError || signal.aborted;
      if (!isKnown || results.length === 0) throw thrown;
      const why = thrown instanceof Error ? thrown : { message: 'it was not sent' };
      results.push(...changes.slice(results.length).map(({ id }) => againAfter(id, why)));
      break;
    }
  }
  return results;
}

function count(
  result: ChangeResult,
  unknownMembers: ReadonlySet<string>,
  leftOut: { members: number; references: number },
): void {
  if (result.result !== 'done' || !Array.isArray(result.remote?.['left_out'])) return;
  for (const one of result.remote['left_out']) {
    if (unknownMembers.has(String(one))) leftOut.members += 1;
    else leftOut.references += 1;
  }
}

async function lookUp(
  { client, vocabulary }: Sender,
  ids: readonly string[],
  loads: boolean,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Held>> {
  const searches = ids.length > MANY_IDS;
  if (searches) await sleep(SEARCH_LAG_MS, undefined, { signal });
  const held = searches ? await findRecords(client, vocabulary, ids) : new Map<string, Held>();
  if (loads && ids.length > IDS_OF_A_LOAD) return held;
  for (const id of ids) {
    if (held.has(id)) continue;
    const one = await readRecord(client, vocabulary, id, false);
    if (one !== undefined) held.set(id, one);
  }
  const hidden = searches ? [] : ids.filter((id) => !held.has(id) && isHidden(vocabulary, id));
  if (hidden.length > 0) {
    // Once for all of them.
    await sleep(SEARCH_LAG_MS, undefined, { signal });
    for (const [id, one] of await findRecords(client, vocabulary, hidden)) held.set(id, one);
  }
  return held;
}
