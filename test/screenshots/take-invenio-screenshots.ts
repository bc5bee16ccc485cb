/**
 * Takes the screenshots of docs/destinations/invenio-rdm.md again: a run that publishes, and a run with a conflict.
 *
 *     npm run build && npx tsx test/screenshots/take-invenio-screenshots.ts [--look FOLDER] BEFORE.zip AFTER.zip
 *
 * The two are small ROR dumps, the later one second. Needs Chromium on PATH. Publishes into the InvenioRDM that
 * VOCAB_SYNC_TEST_INVENIO_URL and VOCAB_SYNC_TEST_INVENIO_TOKEN name, which must be empty, or else into that of the tests.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { isJsonObject, type JsonObject } from '../../src/records/json-object.ts';
import { startInvenioServer } from '../support/invenio-server.ts';
import { readZipJson } from '../support/read-zip-json.ts';
import { realInvenio, type RealInvenio } from '../support/real-invenio.ts';
import { startDevServers, type DevServers } from './dev-servers.ts';
import { openBrowser } from './open-browser.ts';
import { openCamera, pageOf } from './open-camera.ts';

/** InvenioRDM's default limit: 1,000 a minute. */
const LIMIT = 16;
/** After some seconds, the rate and the remaining time are steady. */
const STEADY_MS = 20_000;

const {
  values: { look },
  positionals: [before, after],
} = parseArgs({ options: { look: { type: 'string' } }, allowPositionals: true });
if (before === undefined || after === undefined) throw new Error('Expected two ROR dumps as arguments.');
const fake = realInvenio() === undefined ? await startInvenioServer() : undefined;
const invenio: RealInvenio = realInvenio() ?? { url: fake?.url ?? '', token: fake?.token ?? '' };
process.env['INVENIO_TOKEN'] = invenio.token;
const { save, photographDetails } = await openCamera(look);
const servers = await startDevServers();
try {
  writeJob(servers, 'affiliations', 1000);
  writeJob(servers, 'funders', LIMIT);
  await expectOutcome('success', 'run', 'rdm-affiliations', '--input', before);
  await editByHand(await firstChanged(before, after));
  const conflict = await expectOutcome('partial', 'run', 'rdm-affiliations', '--input', after);
  const publishing = await servers.command('run', 'rdm-funders', '--input', before, '--detach');
  const browser = await openBrowser();
  try {
    await photographDetails(browser, servers, conflict, 'conflict-details.png');
    await save(browser, 'conflict-details-800.png', 2000, 800);
    await sleep(STEADY_MS);
    await browser.visit(pageOf(servers, publishing, 'pending-activities'));
    await browser.until('document.body.innerText.includes("ready_in_seconds")');
    await save(browser, 'publishing-position.png', 700);
    await save(browser, 'publishing-position-800.png', 1150, 800);
    await photographDetails(browser, servers, publishing, 'publishing-details.png');
    await save(browser, 'publishing-details-800.png', 1800, 800);
  } finally {
    await browser.close();
  }
} finally {
  await servers.stop();
  await fake?.close();
}

function writeJob({ directory }: DevServers, vocabulary: string, requestsPerSecond: number): void {
  const shipped = join(findPackageRoot(), 'config', 'jobs', `ror-${vocabulary}.json`);
  const { $schema: _schema, guards: _guards, ...job } = JSON.parse(readFileSync(shipped, 'utf8')) as JsonObject;
  const args = {
    ...{ url: invenio.url, vocabulary, token: { $secret: 'env:INVENIO_TOKEN' }, on_missing: 'withdraw' },
    requests_per_second: requestsPerSecond,
  };
  const config = {
    ...{ ...job, id: `rdm-${vocabulary}`, title: `ROR into InvenioRDM, ${vocabulary}` },
    writers: [{ type: 'invenio-rdm', args }],
  };
  mkdirSync(join(directory, 'jobs'), { recursive: true });
  writeFileSync(join(directory, 'jobs', `rdm-${vocabulary}.json`), JSON.stringify(config, null, 2));
}

async function expectOutcome(outcome: string, ...args: readonly string[]) {
  const facts = await servers.command(...args);
  if (facts.outcome !== outcome) throw new Error(`Expected ${outcome}: ${JSON.stringify(facts)}`);
  return facts;
}

/** The first organisation whose names differ between the dumps: an update of it meets the edit. */
async function firstChanged(one: string, other: string): Promise<string> {
  const held = new Map((await readZipJson(one, '-ror-data.json')).map((record) => [record['id'], record['names']]));
  for (const record of await readZipJson(other, '-ror-data.json')) {
    const names = held.get(record['id']);
    if (names === undefined || JSON.stringify(names) === JSON.stringify(record['names'])) continue;
    return String(record['id']).replace('https://ror.org/', '');
  }
  throw new Error('Expected two dumps in which the names of an organisation differ.');
}

async function editByHand(id: string): Promise<void> {
  const headers = { authorization: `Bearer ${invenio.token}`, 'content-type': 'application/json' };
  const path = `${invenio.url}/affiliations/${id}`;
  const held: unknown = await (await fetch(path, { headers })).json();
  if (!isJsonObject(held)) throw new Error(`Expected a record at ${path}.`);
  const body = JSON.stringify({ ...held, acronym: 'BY HAND' });
  const { status } = await fetch(path, { method: 'PUT', headers, body });
  if (status !== 200) throw new Error(`PUT ${path} answered ${String(status)}.`);
}
