/**
 * Loads a dump of ROR by InvenioRDM's own job, configured as it is shipped, except that it reads a file in place of the
 * newest dump. Prints what the job reports and what InvenioRDM holds afterwards, to compare with full-data.ts.
 *
 *   VOCAB_SYNC_TEST_INVENIO_URL=http://127.0.0.1:5000/api VOCAB_SYNC_TEST_INVENIO_TOKEN=… \
 *     npx tsx test/writers/invenio-rdm/own-job.ts --dump ZIP [--vocabulary funders] [--update] [--write-many 1000] [--seconds 600]
 *
 * InvenioRDM's Celery worker must be able to read ZIP. --update and --write-many are settings that an operator may pass to
 * the job; the shipped job has neither. After --seconds the job is stopped.
 */
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isJsonObject, type JsonObject } from '../../../src/records/json-object.ts';
import { realInvenio } from '../../support/real-invenio.ts';

const ENDED = new Set(['SUCCESS', 'FAILED', 'PARTIAL_SUCCESS', 'CANCELLED', 'WARNING']);
const LOOK_EVERY_MS = 2000;
/** InvenioRDM indexes records every ten seconds. */
const LEAST_QUIET_MS = 30_000;

const { values } = parseArgs({
  options: {
    dump: { type: 'string' },
    vocabulary: { type: 'string', default: 'affiliations' },
    update: { type: 'boolean', default: false },
    'write-many': { type: 'string' },
    seconds: { type: 'string', default: '7200' },
  },
});
const server = realInvenio();
if (server === undefined || values.dump === undefined) {
  throw new Error('Expected VOCAB_SYNC_TEST_INVENIO_URL, VOCAB_SYNC_TEST_INVENIO_TOKEN and --dump.');
}
const target = server;
const { vocabulary } = values;
const task = `process_ror_${vocabulary}`;
const many = values['write-many'];
const config = {
  readers: [
    { type: 'zip', args: { regex: String.raw`-ror-data\.json$`, origin: resolve(values.dump) } },
    { type: 'json' },
  ],
  transformers: [{ type: `ror-${vocabulary}` }],
  writers: [{ type: 'async', args: { writer: { type: `${vocabulary}-service`, args: { update: values.update } } } }],
  ...(many === undefined ? {} : { write_many: true, batch_size: Number(many) }),
};

const before = await shown();
const job = await ask('POST', 'jobs', {
  ...{ title: `as shipped: ${vocabulary}`, task, default_queue: 'celery', active: true },
});
const began = performance.now();
const started = await ask('POST', `jobs/${String(job['id'])}/runs`, {
  ...{ title: 'as shipped', queue: 'celery', args: {}, custom_args: JSON.stringify({ config }) },
});
const path = `jobs/${String(job['id'])}/runs/${String(started['id'])}`;
const run = await untilEnded();
const seconds = (performance.now() - began) / 1000;
const storedAtEnd = await shown();
const stored = await untilQuiet();
const { status, message, total_subtasks, completed_subtasks, failed_subtasks, total_entries, errored_entries } = run;
process.stdout.write(
  `${new Date().toISOString()} ${JSON.stringify({
    ...{ name: `InvenioRDM's own job, ${vocabulary}`, update: values.update, write_many: many ?? false },
    ...{ status, message, total_subtasks, completed_subtasks, failed_subtasks, total_entries, errored_entries },
    ...{ seconds, before, shown_at_end: storedAtEnd, shown: stored, per_second: (stored - before) / seconds },
  })}\n`,
);

async function untilEnded(): Promise<JsonObject> {
  let isStopped = false;
  for (;;) {
    await sleep(LOOK_EVERY_MS);
    const run = await ask('GET', path);
    if (ENDED.has(String(run['status']))) return run;
    if (isStopped || performance.now() - began < Number(values.seconds) * 1000) continue;
    isStopped = true;
    await ask('POST', `${path}/actions/stop`, {});
    process.stderr.write(`Stopped after ${values.seconds} s.\n`);
  }
}

async function untilQuiet(): Promise<number> {
  let count = await shown();
  for (let quietAt = performance.now(); performance.now() - quietAt < LEAST_QUIET_MS;) {
    await sleep(LOOK_EVERY_MS);
    const now = await shown();
    if (now !== count) quietAt = performance.now();
    count = now;
  }
  return count;
}

async function shown(): Promise<number> {
  const { hits } = await ask('GET', `${vocabulary}?size=1`);
  return isJsonObject(hits) ? Number(hits['total']) : 0;
}

/** A server that is busy breaks connections off. Only what reads is asked again. */
async function ask(method: string, to: string, body?: object): Promise<JsonObject> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await askOnce(method, to, body);
    } catch (error) {
      if (method !== 'GET' || attempt === 10) throw error;
      await sleep(LOOK_EVERY_MS);
    }
  }
}

async function askOnce(method: string, to: string, body?: object): Promise<JsonObject> {
  const headers = { authorization: `Bearer ${target.token}`, 'content-type': 'application/json' };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(`${target.url}/${to}`, { method, headers, ...sent });
  const answer: unknown = await response.json();
  if (!response.ok || !isJsonObject(answer)) {
    throw new Error(`${method} ${to} answered ${String(response.status)}: ${JSON.stringify(answer)}`);
  }
  return answer;
}
