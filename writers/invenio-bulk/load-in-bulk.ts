/**
 * Loads new records by InvenioRDM's own bulk job: writes a file of JSON lines, runs a job, and then reads what InvenioRDM
 * really holds, because a batch with one bad record is lost as a whole and the run still reports success.
 */
import { randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangesContext } from '../../src/component/writer.ts';
import { ConfigError } from '../../src/errors.ts';
import type { Change, ChangeResult, Held } from '../../src/records/change.ts';
import { compareIds } from '../../src/records/compare-ids.ts';
import type { Document } from '../../src/records/document.ts';
import { formOf, isWish, makeWish, type Sender, type Wish } from '../invenio-rdm/make-wish.ts';
import type { Load } from '../invenio-rdm/open-sink.ts';
import { countRecords, listRecords } from '../invenio-rdm/read-records.ts';
import { LONGEST_ID, done } from '../invenio-rdm/send-change.ts';
import { onFile } from '../file/to-file-error.ts';
import { openJobs, type EndedRun, type Jobs } from './follow-job.ts';

export interface BulkArgs {
  readonly directory: string;
  readonly origin: string | undefined;
  readonly batchSize: number;
  readonly leastRecords: number;
  readonly task: string;
  readonly queue: string;
  /** How long search may show no further record before the others count as lost. */
  readonly patienceMs: number;
}

type Context = Pick<ChangesContext, 'run' | 'job' | 'task' | 'signal' | 'logger'>;
type Loadable = Wish & { readonly body: Document };

/** Search shows new records some seconds after they are stored: InvenioRDM indexes them every ten seconds. */
const LOOK_EVERY_MS = 2000;

export function createLoad(args: BulkArgs, context: Context): Load {
  const { logger, run, job, task } = context;
  let jobs: Jobs | undefined;
  return async (sender, changes) => {
    const wishes = await loadable(sender, changes);
    if (wishes.length < args.leastRecords) return [];
    const { client, vocabulary } = sender;
    jobs ??= await openJobs({
      ...{ client, title: `vocab-sync: ${vocabulary.name}`, task: args.task, queue: args.queue },
      ...{ signal: context.signal, logger },
    });
    await jobs.settle();
    const { settled, fresh, others } = await settleHeld(sender, wishes);
    if (fresh.length < args.leastRecords) return settled;
    const name = `vocab-sync-${randomUUID()}.jsonl`;
    const path = join(args.directory, name);
    const began = performance.now();
    try {
      await onFile(path, () => writeLines(path, fresh));
      const origin = join(args.origin ?? args.directory, name);
      const ended = await jobs.load({ vocabulary: vocabulary.name, origin, batchSize: args.batchSize });
      const took = Math.round(performance.now() - began);
      const results = await readBack(sender, fresh, { others, patienceMs: args.patienceMs, signal: context.signal });
      logger.info('A bulk job of InvenioRDM ended, and its records were read back.', {
        ...{ run, job, task, invenio_run: ended.id, status: ended.status, message: ended.message },
        ...{
          records: fresh.length,
          stored: results.length,
          job_ms: took,
          took_ms: Math.round(performance.now() - began),
        },
      });
      if (results.length === 0 && fresh.length > args.batchSize) throw nothingStored(ended, fresh.length, origin);
      return [...settled, ...results];
    } finally {
      await rm(path, { force: true });
    }
  };
}

/** Returns the changes that can be new in InvenioRDM. A record that it already holds would be overwritten without a check. */
async function loadable(sender: Sender, changes: readonly Change[]): Promise<readonly Loadable[]> {
  const wishes: Loadable[] = [];
  for (const change of changes) {
    if (!isNew(change) || Array.from(change.id).length > LONGEST_ID) continue;
    const wish = await makeWish(sender, change);
    if (isWish(wish) && wish.body !== undefined) wishes.push({ ...wish, body: wish.body });
  }
  return wishes.toSorted((a, b) => compareIds(a.change.id, b.change.id));
}

/** An update whose earlier version is not known follows a run that ended before it knew what became of its insert. */
function isNew({ kind, found, before }: Change): boolean {
  if (kind === 'insert') return found?.held === undefined;
  return kind === 'update' && before === undefined && found !== undefined && found.held === undefined;
}

interface Split {
  /** The results of records that InvenioRDM already holds as they would be sent, for example from an earlier attempt. */
  readonly settled: readonly ChangeResult[];
  readonly fresh: readonly Loadable[];
  /** How many other records InvenioRDM holds between the first and the last fresh one. */
  readonly others: number;
}

/** Compares with what InvenioRDM lists. A record that it holds differently is in neither part, so it is sent as a change. */
async function settleHeld(sender: Sender, wishes: readonly Loadable[]): Promise<Split> {
  const byId = new Map(wishes.map((wish) => [wish.change.id, wish]));
  const held = new Set<string>();
  const settled: ChangeResult[] = [];
  for await (const page of listBetween(sender, wishes)) {
    for (const one of page) {
      held.add(one.id);
      const wish = byId.get(one.id);
      if (wish !== undefined && isEqual(wish, one)) settled.push(done(wish, one.remote));
    }
  }
  const fresh = wishes.filter(({ change }) => !held.has(change.id));
  const { after, until } = boundsOf(fresh);
  const isBetween = (id: string): boolean =>
    (after === undefined || compareIds(id, after) > 0) && compareIds(id, until) <= 0;
  return { settled, fresh, others: [...held].filter(isBetween).length };
}

function isEqual({ sender, body }: Loadable, { document }: Held): boolean {
  return document !== undefined && formOf(sender, document) === formOf(sender, body);
}

async function writeLines(path: string, wishes: readonly Loadable[]): Promise<void> {
  // Readable for the user of InvenioRDM's worker; vocabularies are public.
  const file = await open(path, 'wx', 0o644);
  try {
    await file.chmod(0o644);
    await file.writeFile(wishes.map(({ body }) => `${JSON.stringify(body)}\n`).join(''));
  } finally {
    await file.close();
  }
}

interface Waiting {
  readonly others: number;
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

/** A record is done if it is read back as it was sent. All others are left to single requests. */
async function readBack(
  sender: Sender,
  wishes: readonly Loadable[],
  waiting: Waiting,
): Promise<readonly ChangeResult[]> {
  await untilShown(sender, wishes, waiting);
  const sent = new Map(wishes.map((wish) => [wish.change.id, wish]));
  const results: ChangeResult[] = [];
  for await (const page of listBetween(sender, wishes)) {
    for (const held of page) {
      const wish = sent.get(held.id);
      if (wish !== undefined && isEqual(wish, held)) results.push(done(wish, held.remote));
    }
  }
  return results;
}

async function untilShown(
  sender: Sender,
  wishes: readonly Loadable[],
  { others, patienceMs, signal }: Waiting,
): Promise<void> {
  const { after, until } = boundsOf(wishes);
  let before = -1;
  let heardAt = performance.now();
  for (;;) {
    const shown = await countRecords(sender.client, sender.vocabulary, after, until);
    if (shown >= wishes.length + others) return;
    if (shown > before) heardAt = performance.now();
    else if (performance.now() - heardAt >= patienceMs) return;
    before = shown;
    await sleep(Math.min(LOOK_EVERY_MS, patienceMs), undefined, { signal });
  }
}

function listBetween({ client, vocabulary }: Sender, wishes: readonly Loadable[]): AsyncIterable<readonly Held[]> {
  const { after, until } = boundsOf(wishes);
  return listRecords(client, vocabulary, after, until);
}

/** Just before the first id, because lists begin after an id. */
function boundsOf(wishes: readonly Loadable[]): { readonly after: string | undefined; readonly until: string } {
  const first = wishes[0]?.change.id ?? '';
  return { after: first.length > 1 ? first.slice(0, -1) : undefined, until: wishes.at(-1)?.change.id ?? '' };
}

function nothingStored({ id, status, message }: EndedRun, records: number, origin: string): ConfigError {
  return new ConfigError(
    'E_TARGET_FORBIDDEN',
    `InvenioRDM stored none of ${String(records)} records: its run ${id} ended as ${status} ("${message}"). Its Celery worker must be able to read ${origin}; the log of the run in InvenioRDM's administration says more.`,
  );
}
