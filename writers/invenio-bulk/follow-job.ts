/** A job of InvenioRDM that loads a file of records: made once, started for each file and followed to its end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../src/component/services.ts';
import { ConfigError, UnavailableError } from '../../src/errors.ts';
import { isJsonObject, type JsonObject } from '../../src/records/json-object.ts';
import { requireStatus, type Client } from '../invenio-rdm/open-client.ts';

const ENDED = new Set(['SUCCESS', 'FAILED', 'PARTIAL_SUCCESS', 'CANCELLED', 'WARNING']);
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;
/** A run that stays queued this long has no worker. */
const LONGEST_QUEUE_MS = 10 * 60_000;
/** How many runs are requested, newest first. An earlier attempt left at most one. */
const LATEST = 10;

interface LoadRequest {
  readonly vocabulary: string;
  /** As InvenioRDM's worker finds the file. */
  readonly origin: string;
  /** How many records the worker stores in one transaction. One record that it cannot store costs all of them. */
  readonly batchSize: number;
}

/** How a run ended. Its counts are not to be trusted: it reports records as inserted that it did not store. */
export interface EndedRun {
  readonly id: string;
  readonly status: string;
  readonly message: string;
}

export interface Jobs {
  /** Waits for runs of an earlier attempt, because they may still write. */
  settle(): Promise<void>;
  load(request: LoadRequest): Promise<EndedRun>;
}

export interface JobsOptions {
  readonly client: Client;
  /** Also finds the job again. */
  readonly title: string;
  /** A registered task; what it would do is replaced by the config of each run. */
  readonly task: string;
  readonly queue: string;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

export async function openJobs({ client, title, task, queue, signal, logger }: JobsOptions): Promise<Jobs> {
  const job = (await findJob(client, title)) ?? (await createJob(client, title, task, queue));
  const follow = async (run: string): Promise<EndedRun> => {
    const began = Date.now();
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
      const answer = requireStatus(
        await client.ask('GET', `jobs/${job}/runs/${run}`),
        [200],
        `the run ${run} of a job`,
      );
      const status = String(answer.body['status']);
      if (ENDED.has(status)) return { id: run, status, message: textOf(answer.body['message']) };
      if (status === 'QUEUED' && Date.now() - began > LONGEST_QUEUE_MS) {
        throw new UnavailableError(
          'E_TARGET_UNAVAILABLE',
          `InvenioRDM did not begin the run ${run} of its job "${title}" within ten minutes: no Celery worker takes the queue "${queue}". It is tried again.`,
        );
      }
      await sleep(pause, undefined, { signal });
    }
  };
  return {
    async settle() {
      const answer = await client.ask('GET', `jobs/${job}/runs?size=${String(LATEST)}`);
      const open = hitsOf(requireStatus(answer, [200], 'the runs of a job').body).filter(
        ({ status }) => !ENDED.has(String(status)),
      );
      for (const { id } of open) {
        logger.info('A run of InvenioRDM that an earlier attempt started is still in progress. It is waited for.', {
          run: String(id),
        });
        await follow(String(id));
      }
    },
    async load(request) {
      const body = { title: 'vocab-sync', queue, args: {}, custom_args: JSON.stringify({ config: configOf(request) }) };
      const answer = requireStatus(await client.ask('POST', `jobs/${job}/runs`, { body }), [201], 'a run of a job');
      return follow(String(answer.body['id']));
    },
  };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function configOf({ vocabulary, origin, batchSize }: LoadRequest): JsonObject {
  return {
    readers: [{ type: 'jsonl', args: { origin } }],
    transformers: [],
    // Existing records are updated whatever "update" says, so none may exist.
    writers: [{ type: 'async', args: { writer: { type: `${vocabulary}-service`, args: { update: false } } } }],
    write_many: true,
    batch_size: batchSize,
  };
}

async function findJob(client: Client, title: string): Promise<string | undefined> {
  const answer = requireStatus(await client.ask('GET', 'jobs?size=100'), [200], 'the list of jobs');
  const found = hitsOf(answer.body).find((job) => job['title'] === title);
  return found === undefined ? undefined : String(found['id']);
}

async function createJob(client: Client, title: string, task: string, queue: string): Promise<string> {
  const description = 'Loads files of vocab-sync. It is started over the API and has no schedule.';
  const body = { title, description, task, default_queue: queue, active: true };
  const answer = await client.ask('POST', 'jobs', { body });
  if (answer.status === 400) {
    throw new ConfigError(
      'E_TARGET_FORBIDDEN',
      `InvenioRDM does not take a job with the task "${task}" and the queue "${queue}": ${answer.reason}. Name others with "task" and "queue" of the writer.`,
    );
  }
  return String(requireStatus(answer, [201], 'a new job').body['id']);
}

function hitsOf(body: JsonObject): readonly JsonObject[] {
  const hits = isJsonObject(body['hits']) ? body['hits']['hits'] : undefined;
  return Array.isArray(hits) ? hits.filter(isJsonObject) : [];
}
