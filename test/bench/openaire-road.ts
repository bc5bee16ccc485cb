/**
 * The budgets of awards: projects of the OpenAIRE Graph into PostgreSQL and through `preview`, projects of CORDIS through
 * `preview`, the latter two beside what InvenioRDM's own code takes on a machine of two cores.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { sharedData } from '../support/shared-data.ts';
import { growCordis } from './grow-cordis.ts';
import { growOpenaire } from './grow-openaire.ts';
import { median, readPeakMegabytes, resetPeak, runCommand } from './measure.ts';
import { printBudget } from './print-budget.ts';
import type { BenchServers } from './servers.ts';

export interface OpenaireRoad {
  readonly servers: BenchServers;
  /** `dist/src/cli/main.js`. */
  readonly cli: string;
  readonly directory: string;
  readonly rounds: number;
  readonly records?: number;
}

/** Records in a second of InvenioRDM, INVENIO.md 8 of the design. */
const INVENIO = { openaire: 64_000, cordis: 98 };
const CORDIS_PROJECTS = 2_000;

export async function benchOpenaire(road: OpenaireRoad): Promise<void> {
  const projects = sharedData('openaire', 'project.tar');
  const cordis = sharedData('cordis', 'cordis-h2020projects-xml.zip');
  if (projects === undefined || cordis === undefined) return;
  await benchLoads(road, projects);
  await benchPreviews(road, projects, cordis);
}

async function benchLoads(
  { servers, cli, directory, rounds, records = 500_000 }: OpenaireRoad,
  from: string,
): Promise<void> {
  const input = join(directory, 'openaire-projects.tar');
  const bytes = await growOpenaire({ from, records, out: input, more: 2 });
  const firsts: number[] = [];
  const sames: number[] = [];
  resetPeak(servers.workerPid);
  for (let round = 0; round < rounds; round++) {
    const table = `bench_awards_${String(Date.now())}`;
    const load = () => runJob({ servers, cli, input, table });
    const first = await load();
    const same = await load();
    if (first.inserted !== records)
      throw new Error(`the first load inserted ${String(first.inserted)} of ${String(records)}`);
    if (same.changed !== 0) throw new Error(`the same projects again changed ${String(same.changed)} rows`);
    firsts.push(first.seconds);
    sames.push(same.seconds);
  }
  const peak = readPeakMegabytes(servers.workerPid);
  const [first, same] = [records / median(firsts), records / median(sames)];
  console.log(
    `\nOpenAIRE projects: ${String(records)} records, ${(bytes / 1e6).toFixed(0)} MB, median of ${String(rounds)}`,
  );
  printBudget('first load', `${first.toFixed(0)} records/s`, '>= 30,000', first >= 30_000);
  printBudget('same again', `${same.toFixed(0)} records/s`, '>= 60,000', same >= 60_000);
  printBudget('peak memory of the worker', `${peak.toFixed(0)} MB`, '<= 256 MB', peak <= 256);
}

async function benchPreviews(
  { cli, directory, rounds, records = 500_000 }: OpenaireRoad,
  projects: string,
  cordis: string,
): Promise<void> {
  const tar = join(directory, 'openaire-mix.tar');
  await growOpenaire({ from: projects, records, out: tar, more: 0 });
  await benchPreview('OpenAIRE projects', { cli, rounds, job: 'openaire-awards', input: tar }, INVENIO.openaire, 2);
  const zip = join(directory, 'cordis-projects.zip');
  await growCordis(cordis, CORDIS_PROJECTS, zip);
  const job = join(directory, 'cordis-offline.json');
  writeFileSync(job, offlineCordis());
  await benchPreview('CORDIS full projects', { cli, rounds, job, input: zip }, INVENIO.cordis, 20);
}

/** Without the mapping that is fetched from the web. */
function offlineCordis(): string {
  const shipped = readFileSync(join(findPackageRoot(), 'config', 'jobs', 'cordis-awards.json'), 'utf8');
  const transformers = [{ type: 'cordis-award', args: { pic_mapping: {} } }];
  return JSON.stringify({ ...(JSON.parse(shipped) as object), $schema: undefined, transformers });
}

interface Preview {
  readonly cli: string;
  readonly rounds: number;
  readonly job: string;
  readonly input: string;
}

async function benchPreview(what: string, preview: Preview, theirs: number, times: number): Promise<void> {
  const seconds: number[] = [];
  let records = 0;
  const script = 'node "$CLI" preview "$JOB" --input "$INPUT" | wc -l';
  for (let round = 0; round < preview.rounds; round++) {
    const done = await runCommand('bash', ['-c', script], { CLI: preview.cli, JOB: preview.job, INPUT: preview.input });
    seconds.push(done.seconds);
    records = Number(done.stdout.trim());
  }
  const rate = records / median(seconds);
  console.log(`\n${what}, read and transform, whole process: ${rate.toFixed(0)} records/s of ${String(records)}`);
  const ratio = rate / theirs;
  printBudget(
    `rate / InvenioRDM (${String(theirs)} records/s)`,
    `${ratio.toFixed(1)} x`,
    `>= ${String(times)} x`,
    ratio >= times,
  );
}

interface Report {
  readonly started_at: string;
  readonly finished_at: string;
  readonly tasks: readonly {
    readonly targets: readonly { readonly inserted: number; readonly updated: number; readonly withdrawn: number }[];
  }[];
}

interface Run {
  readonly servers: BenchServers;
  readonly cli: string;
  readonly input: string;
  readonly table: string;
}

/** From the row of the run being written to its end: what an operator sees as the duration. */
async function runJob({ servers, cli, input, table }: Run) {
  const customArgs = JSON.stringify({ writers: { postgres: { table } } });
  const args = ['run', 'openaire-awards', '--input', input, '--force', '--json', '--custom-args', customArgs];
  const { stdout } = await runCommand(process.execPath, [cli, ...args], servers.env);
  const report = JSON.parse(stdout) as Report;
  const { inserted = 0, updated = 0, withdrawn = 0 } = report.tasks[0]?.targets[0] ?? {};
  const seconds = (Date.parse(report.finished_at) - Date.parse(report.started_at)) / 1000;
  return { seconds, inserted, changed: inserted + updated + withdrawn };
}
