/**
 * Publishes whole vocabularies into a real InvenioRDM and reads every record back. Prints a row for each publication: what
 * was counted, the requests, the time, and how many records differ from what was meant to be published.
 *
 *   VOCAB_SYNC_TEST_INVENIO_URL=http://127.0.0.1:5000/api VOCAB_SYNC_TEST_INVENIO_TOKEN=… DATABASE_URL=postgresql://… \
 *     npx tsx test/writers/invenio-rdm/full-data.ts --data DIR [--bulk DIR] [--rate 1000] [--only subjects,cordis-awards,…] \
 *     [--version v2.9] [--ror DIR] [--cordis ZIP] [--withdraw] [--unforced] [--adopt]
 *
 * DIR holds the test data. With --bulk, first loads of affiliations, funders and names go through a directory that
 * InvenioRDM's worker can read. --only names vocabularies or jobs. --version leaves the other versions of ROR out, --ror
 * names a folder with other dumps of these names, --cordis another file of CORDIS. --withdraw withdraws records that are
 * not in the source. --unforced reads a source only where a schedule would. --adopt adopts what InvenioRDM holds before a
 * first load. The database is filled and kept.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { ApiService } from '../../../src/component/services.ts';
import { createApiService } from '../../../src/http/create-api-service.ts';
import { UnavailableError } from '../../../src/errors.ts';
import { catalog } from '../../../src/cli/catalog.ts';
import { loadRecordSchema } from '../../../src/job/schema/record-schema.ts';
import { createRunSteps } from '../../../src/pipeline/create-run-steps.ts';
import type { RunReport, RunRequest } from '../../../src/pipeline/run-steps.ts';
import { applyMigrations } from '../../../src/postgres/migrate.ts';
import { openPool } from '../../../src/postgres/pool.ts';
import { createSpool } from '../../../src/spool/create-spool.ts';
import { hasDrift, type DriftCounts } from '../../../src/records/drift.ts';
import { isJsonObject, type JsonObject } from '../../../src/records/json-object.ts';
import type { Held } from '../../../src/records/change.ts';
import type { Document } from '../../../src/records/document.ts';
import { invenioRdm } from '../../../writers/invenio-rdm.ts';
import { formOf } from '../../../writers/invenio-rdm/make-wish.ts';
import { openClient } from '../../../writers/invenio-rdm/open-client.ts';
import { probe } from '../../../writers/invenio-rdm/probe.ts';
import { toVocabulary } from '../../../writers/invenio-rdm/vocabulary.ts';
import { noBundles, noHttp, noS3, noSftp } from '../../support/no-services.ts';
import { realInvenio } from '../../support/real-invenio.ts';
import { silentLogger } from '../../support/silent-logger.ts';

interface Publication {
  readonly name: string;
  readonly vocabulary: string;
  /** A shipped job. */
  readonly job: string;
  /** Below the test data. */
  readonly input: string;
  readonly isFirst: boolean;
}

const REFUSED = 'refused by the rate limit';
const CORDIS = 'cordis/cordis-h2020projects-xml_derived.zip';
/** The jobs that only add a layer, each with the job whose records it adds to: that one compares both. */
const LAYERS: Readonly<Record<string, string>> = {
  'openaire-affiliations': 'ror-affiliations',
  'cordis-awards': 'openaire-awards',
};

const PUBLICATIONS: readonly Publication[] = [
  ['subjects', 'subjects', 'subjects-euroscivoc', 'euroscivoc/EuroSciVoc-skos-ap-eu.rdf'],
  ['affiliations, ROR v2.8', 'affiliations', 'ror-affiliations', 'ror/v2.8-2026-06-02-ror-data.zip'],
  ['affiliations, ROR v2.9', 'affiliations', 'ror-affiliations', 'ror/v2.9-2026-06-23-ror-data.zip'],
  ['funders, ROR v2.8', 'funders', 'ror-funders', 'ror/v2.8-2026-06-02-ror-data.zip'],
  ['funders, ROR v2.9', 'funders', 'ror-funders', 'ror/v2.9-2026-06-23-ror-data.zip'],
  ['affiliations, layer of PICs', 'affiliations', 'openaire-affiliations', 'openaire/organization.tar'],
  ['awards', 'awards', 'openaire-awards', 'openaire/project.tar'],
  ['awards, layer of CORDIS', 'awards', 'cordis-awards', CORDIS],
  ['names', 'names', 'orcid-names-dump', 'orcid/orcid_summaries_names_derived.tar.gz'],
  ['names with affiliations', 'names', 'orcid-names-dump', 'orcid/orcid_summaries_sample.tar.gz'],
].map(([name = '', vocabulary = '', job = '', input = '']) => ({
  ...{ name, vocabulary, job, input },
  isFirst: !name.includes('v2.9') && !name.includes('layer'),
}));

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    bulk: { type: 'string' },
    rate: { type: 'string', default: '1000' },
    version: { type: 'string' },
    ror: { type: 'string' },
    cordis: { type: 'string' },
    withdraw: { type: 'boolean', default: false },
    unforced: { type: 'boolean', default: false },
    adopt: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});
const server = realInvenio();
const database = process.env['DATABASE_URL'];
if (server === undefined || database === undefined || values.data === undefined) {
  throw new Error('Expected VOCAB_SYNC_TEST_INVENIO_URL, VOCAB_SYNC_TEST_INVENIO_TOKEN, DATABASE_URL and --data.');
}
const data = resolve(values.data);
const target = server;
const { api, requests } = counting(createApiService({ allowedHosts: [], userAgent: 'vocab-sync-full-data' }));
const pool = openPool({ url: database });
await applyMigrations(pool);
const logger = silentLogger();
const spool = mkdtempSync(join(tmpdir(), 'vocab-sync-full-data-'));
const steps = createRunSteps({
  ...{ pool, catalog, logger, recordCheck: loadRecordSchema, webUi: () => null },
  services: { http: noHttp, api, s3: noS3, sftp: noSftp, bundles: noBundles, spool: createSpool(spool), logger },
  resolveSecret: () => target.token,
  holderState: () => Promise.resolve('closed'),
});
const wanted = values.only?.split(',');
const broken: string[] = [];
for (const publication of PUBLICATIONS) {
  if (wanted !== undefined && !wanted.includes(publication.vocabulary) && !wanted.includes(publication.job)) continue;
  const { name, isFirst } = publication;
  if (values.version === undefined || !name.includes('ROR')) await publish(publication);
  else if (name.includes(values.version)) await publish({ ...publication, isFirst: true });
  else process.stderr.write(`${name} is left out (${isFirst ? 'first' : 'second'} version).\n`);
}
await pool.end();
rmSync(spool, { recursive: true });
process.exitCode = broken.length > 0 ? 1 : 0;

async function publish({ name, vocabulary, job, input, isFirst }: Publication): Promise<void> {
  const forms = await formsOf(vocabulary);
  const before = await forms.published();
  const path = pathOf(input);
  const again = (mode?: 'adopt'): Promise<Row> => runAgain({ vocabulary, job, path, isFirst }, mode);
  const first = await again(values.adopt && isFirst ? 'adopt' : undefined);
  const after = await forms.published();
  const changed = countChanged(before, after);
  const second = await again();
  const readBack = await forms.compare(after);
  const drift = await verify(vocabulary, job);
  print({ name, ...first, changed, differing: readBack, second: second.writing, drift });
  const isSame = readBack.differing + readBack.missing === 0 && drift !== undefined && !hasDrift(drift);
  if (!isSame || second.writing > 0) broken.push(name);
}

function pathOf(input: string): string {
  if (values.ror !== undefined && input.startsWith('ror/')) return join(resolve(values.ror), basename(input));
  return input === CORDIS && values.cordis !== undefined ? resolve(values.cordis) : join(data, input);
}

interface Row {
  readonly counts: unknown;
  readonly outcome: string;
  readonly requests: string;
  readonly writing: number;
  readonly seconds: number;
}

async function runAgain(
  { vocabulary, job, path, isFirst }: Pick<Publication, 'vocabulary' | 'job' | 'isFirst'> & { readonly path: string },
  mode: 'adopt' | undefined,
): Promise<Row> {
  requests.clear();
  const began = performance.now();
  const request = {
    input: { path, name: basename(path) },
    force: !values.unforced,
    ...(mode === undefined ? {} : { mode }),
  };
  const report = await runOnce(configOf(vocabulary, job, isFirst), request);
  const seconds = (performance.now() - began) / 1000;
  const writing = [...requests]
    .filter(([method]) => method !== 'GET' && method !== REFUSED)
    .reduce((sum, [, count]) => sum + count, 0);
  const sent = [...requests].map(([method, count]) => `${String(count)} ${method}`).join(', ');
  return { counts: report.tasks[0]?.targets[0], outcome: report.outcome ?? 'none', requests: sent, writing, seconds };
}

/** The shipped job, with InvenioRDM as its target in place of a table. */
function configOf(vocabulary: string, job: string, isFirst: boolean): JsonObject {
  const file = readFileSync(new URL(`../../../config/jobs/${job}.json`, import.meta.url), 'utf8');
  const { guards: _guards, schedule: _schedule, ...config } = JSON.parse(file) as JsonObject;
  const usesBulk = values.bulk !== undefined && isFirst && ['affiliations', 'funders', 'names'].includes(vocabulary);
  const args = {
    url: target.url,
    vocabulary,
    token: { $secret: 'env:TOKEN' },
    requests_per_second: Number(values.rate),
    on_missing: values.withdraw ? 'withdraw' : 'keep',
  };
  const writer = usesBulk
    ? { type: 'invenio-bulk', args: { ...args, directory: resolve(values.bulk ?? '') } }
    : { type: 'invenio-rdm', args };
  const [shipped] = config['writers'] as readonly JsonObject[];
  const layer = shipped?.['layer'] === undefined ? {} : { layer: shipped['layer'] };
  // The mapping from PIC to ROR is on the web; without it organisations are named.
  const offline =
    job === 'cordis-awards' ? { transformers: [{ type: 'cordis-award', args: { pic_mapping: {} } }] } : {};
  return { ...config, ...offline, writers: [{ ...writer, ...layer }] };
}

async function verify(vocabulary: string, job: string): Promise<DriftCounts | undefined> {
  const report = await runOnce(configOf(vocabulary, LAYERS[job] ?? job, false), { mode: 'verify' });
  const [drift] = report.tasks[0]?.drift ?? [];
  if (drift === undefined) return undefined;
  const { compared, missing, changed, foreign } = drift;
  return { compared, missing, changed, foreign };
}

/** As the workflow does it, without Temporal. */
async function runOnce(config: JsonObject, more: Partial<RunRequest>): Promise<RunReport> {
  const run = randomUUID();
  const context = { signal: new AbortController().signal, onProgress: () => undefined };
  const request: RunRequest = { job: String(config['id']), trigger: 'manual', config: JSON.stringify(config), ...more };
  const resolved = await steps.resolveRun({ run, workflowId: `full-data/${run}`, request }, context);
  if (resolved.kind !== 'ready') throw new Error(`The run was not started: ${resolved.kind}.`);
  for (const { name: task, targets = [] } of resolved.tasks) {
    if (request.mode === 'verify') {
      for (const name of targets) {
        await patiently(() => steps.verifyTarget({ run, task, target: name }, context));
      }
      continue;
    }
    const fetched = await patiently(() => steps.fetchSource({ run, task }, context));
    if (fetched.kind === 'unchanged') continue;
    for (const partition of fetched.partitions) await steps.stagePartition({ run, task, partition }, context);
    for (const target of request.mode === 'adopt' ? targets : [])
      await steps.verifyTarget({ run, task, target }, context);
    const { planDigest } = await steps.compareTargets({ run, task }, context);
    const { publications = [] } = await steps.applyChanges({ run, task, planDigest }, context);
    for (const name of publications) {
      await patiently(() => steps.publishTarget({ run, task, target: name }, context));
    }
  }
  return steps.finishRun({ run, outcome: 'ended' }, context);
}

/** A server that is busy breaks connections off; Temporal would try the step again. */
async function patiently<T>(step: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof UnavailableError) || attempt === 20) throw error;
      process.stderr.write(`${error.message} (attempt ${String(attempt)})\n`);
      await sleep(error.retryAfter ?? 5000);
    }
  }
}

interface Forms {
  /** What was meant to be published, by id, in the form in which InvenioRDM stores it. */
  published(): Promise<ReadonlyMap<string, string>>;
  compare(
    meant: ReadonlyMap<string, string>,
  ): Promise<{ read: number; missing: number; differing: number; others: number }>;
}

async function formsOf(name: string): Promise<Forms> {
  const vocabulary = toVocabulary(name);
  const { signal } = new AbortController();
  const turn = (): Promise<void> => Promise.resolve();
  const unknown = await probe(openClient({ ...target, api, signal, turn }), vocabulary);
  const shape = (document: Document): string => formOf({ vocabulary, unknownMembers: unknown }, document);
  const args = invenioRdm.args.parse({ url: target.url, vocabulary: name, token: target.token });
  return {
    async published() {
      const { rows } = await pool.query<{ id: string; record: Document }>(
        'SELECT id, record FROM vocab_sync.published WHERE target = $1 AND withdrawn_at IS NULL',
        [invenioRdm.targetName(args)],
      );
      return new Map(rows.map(({ id, record }) => [id, shape(record)]));
    },
    async compare(meant) {
      const about = { run: 'read-back', job: 'read-back', task: 'main', signal, api, logger: silentLogger(), turn };
      const sink = await invenioRdm.open(args, about);
      const found = new Set<string>();
      let [read, differing] = [0, 0];
      const check = (held: Held): void => {
        const wish = meant.get(held.id);
        if (wish === undefined) return;
        found.add(held.id);
        const form = shape(held.document ?? { id: held.id });
        if (form === wish) return;
        differing += 1;
        if (differing <= 3) process.stderr.write(`${held.id}\n  meant ${wish}\n  read  ${form}\n`);
      };
      for await (const page of sink.list?.(undefined) ?? []) {
        read += page.length;
        for (const held of page) check(held);
      }
      const others = read - found.size;
      // Search shows a new record about a second later.
      const late = [...meant.keys()].filter((id) => !found.has(id));
      for (const [, held] of (await sink.look?.(late)) ?? []) check(held);
      await sink.close();
      return { read, missing: meant.size - found.size, differing, others };
    },
  };
}

function countChanged(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): number {
  const isGone = (id: string): boolean => !after.has(id);
  return [...after].filter(([id, form]) => before.get(id) !== form).length + [...before.keys()].filter(isGone).length;
}

/** Requests by method, and those that the rate limit refused. The probe and the jobs API write no record. */
function counting(service: ApiService): { api: ApiService; requests: Map<string, number> } {
  const counts = new Map<string, number>();
  return {
    requests: counts,
    api: {
      async ask(request) {
        const body: unknown = request.body === undefined ? undefined : JSON.parse(request.body);
        const isProbe = isJsonObject(body) && 'vocab_sync_probe' in body;
        const method = isProbe ? 'probe' : request.url.includes('/api/jobs') ? 'jobs' : request.method;
        const count = (name: string, by: number): unknown => counts.set(name, (counts.get(name) ?? 0) + by);
        if (method === 'probe' || method === 'jobs') return service.ask(request);
        count(method, 1);
        const answer = await service.ask(request);
        if (answer.status === 429) {
          count(method, -1);
          count(REFUSED, 1);
        }
        return answer;
      },
    },
  };
}

function print(row: object): void {
  process.stdout.write(`${new Date().toISOString()} ${JSON.stringify(row)}\n`);
}
