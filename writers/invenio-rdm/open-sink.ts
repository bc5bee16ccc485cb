/** One publication into an InvenioRDM. */
import type { ChangesContext, ChangesSink } from '../../src/component/writer.ts';
import { ConfigError, UnavailableError } from '../../src/errors.ts';
import type { Change, ChangeResult, Held } from '../../src/records/change.ts';
import { openReferences } from './check-references.ts';
import type { Sender } from './make-wish.ts';
import { openClient } from './open-client.ts';
import { probe } from './probe.ts';
import { listRecords, readRecord } from './read-records.ts';
import { sendChange } from './send-change.ts';
import { toVocabulary } from './vocabulary.ts';

export interface SinkArgs {
  readonly url: string;
  readonly token: string;
  readonly vocabulary: string;
  readonly tag: string | undefined;
  readonly onMissingReference: 'reject' | 'drop';
}

export async function openSink(args: SinkArgs, context: ChangesContext): Promise<ChangesSink> {
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
    async look(ids) {
      const held = new Map<string, Held>();
      for (const id of ids) {
        const one = await readRecord(client, vocabulary, id);
        if (one !== undefined) held.set(id, one);
      }
      return held;
    },
    list: (after) => listRecords(client, vocabulary, after),
    async write(changes) {
      const sent = changes.filter(({ kind }) => kind !== 'withdraw' || args.tag !== undefined);
      await sender.references.prepare(sent);
      const results = await sendAll(sender, changes, signal);
      for (const result of results) count(result, unknownMembers, leftOut);
      return results;
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
      const message = thrown instanceof Error ? thrown.message : 'it was not sent';
      const wait = thrown instanceof UnavailableError ? thrown.retryAfter : undefined;
      const rest = changes.slice(results.length);
      results.push(
        ...rest.map(({ id }) => ({
          ...{ id, result: 'again' as const, message },
          ...(wait === undefined ? {} : { after: wait }),
        })),
      );
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
