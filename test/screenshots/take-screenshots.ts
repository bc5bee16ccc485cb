/**
 * Takes the screenshots of docs/operate.md again: starts servers of its own, makes runs of each kind, photographs them.
 *
 *     npm run build && npx tsx test/screenshots/take-screenshots.ts [--look FOLDER] [BEFORE.zip AFTER.zip]
 *
 * The two are ROR dumps, the later one of them second. Needs Chromium on PATH. With --look, each page is also taken at the
 * widths of a telephone, half a screen and a screen, into FOLDER: the counts must be readable at 800 and 1400 pixels.
 */
import { parseArgs } from 'node:util';
import { sharedData } from '../support/shared-data.ts';
import { startDevServers, type DevServers, type RunFacts } from './dev-servers.ts';
import { makeRuns } from './make-runs.ts';
import { openBrowser, type Browser } from './open-browser.ts';
import { openCamera, pageOf } from './open-camera.ts';

const COLUMNS = ['Status', 'VocabJob', 'VocabPhase', 'VocabOutcome', 'VocabRecords', 'VocabRejected', 'Workflow ID'];

const {
  values: { look },
  positionals: dumps,
} = parseArgs({ options: { look: { type: 'string' } }, allowPositionals: true });
const [
  before = sharedData('ror', 'v2.8-2026-06-02-ror-data.zip'),
  after = sharedData('ror', 'v2.9-2026-06-23-ror-data.zip'),
] = dumps;
if (before === undefined || after === undefined) {
  throw new Error('Expected two ROR dumps as arguments. They come from https://doi.org/10.5281/zenodo.6347574');
}
const { save, photographDetails } = await openCamera(look);
const servers = await startDevServers();
try {
  const runs = await makeRuns(servers, before, after);
  const browser = await openBrowser();
  try {
    await photographList(browser, servers);
    await photographRunning(browser, servers, runs.running);
    await photographFinished(browser, servers, runs.partial);
    await photographWaiting(browser, servers, runs.waiting);
  } finally {
    await browser.close();
    await runs.release();
  }
} finally {
  await servers.stop();
}

async function photographList(browser: Browser, { webUi }: DevServers): Promise<void> {
  const list = `${webUi}/namespaces/default/workflows`;
  await browser.visit(list);
  const columns = JSON.stringify({ default: COLUMNS.map((label) => ({ label })) });
  await browser.evaluate(`localStorage.setItem('namespace-workflow-table-columns', ${JSON.stringify(columns)})`);
  await browser.visit(list);
  await browser.until('document.querySelectorAll("tbody tr").length >= 9');
  await browser.click('button', 'Collapse saved views');
  await save(browser, 'runs.png', 620);
}

async function photographRunning(browser: Browser, servers: DevServers, run: RunFacts): Promise<void> {
  await browser.visit(pageOf(servers, run, 'history'));
  await browser.until('document.body.innerText.includes("Event History")');
  await save(browser, 'running-timeline.png', 960);
  await browser.visit(pageOf(servers, run, 'pending-activities'));
  await browser.until('document.body.innerText.includes("totalBytes")');
  await save(browser, 'running-position.png', 900);
  await photographDetails(browser, servers, run, 'running-details.png');
}

async function photographFinished(browser: Browser, servers: DevServers, run: RunFacts): Promise<void> {
  await photographDetails(browser, servers, run, 'finished-details.png');
  await browser.visit(pageOf(servers, run, 'history'));
  await browser.until('document.body.innerText.includes("outcome")');
  await save(browser, 'finished-result.png', 960);
}

async function photographWaiting(browser: Browser, servers: DevServers, run: RunFacts): Promise<void> {
  await photographDetails(browser, servers, run, 'waiting-details.png');
  await browser.click('button', 'More Actions');
  await browser.click('[role=menuitem]', 'Send an Update');
  await browser.click('#update-select', '');
  await browser.click('[role=option]', 'approve');
  await browser.click('[role=dialog] .cm-content, dialog .cm-content', '');
  await browser.type('{"by": "Ada", "reason": "ROR announced the cut"}');
  await save(browser, 'waiting-update.png', 900);
}
