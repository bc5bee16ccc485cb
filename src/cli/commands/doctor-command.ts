/**
 * `doctor`: shows the settings in force, and checks whether everything that is needed exists. Starts and changes
 * nothing.
 */
import type { Command } from 'commander';
import { embeddedConnection, findRunningServers } from '../../embedded/running-servers.ts';
import { redact, rememberSecret } from '../../logging/redact.ts';
import { forgetPostgresVariables, type Settings } from '../../settings.ts';
import { passwordsOf } from '../../settings/server-url.ts';
import { loadCatalog } from '../catalog.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import type { Catalog } from '../../component/catalog.ts';
import { ok, type DoctorFinding } from '../doctor/finding.ts';
import { checkDatabase } from '../doctor/check-database.ts';
import { checkJobTargets } from '../doctor/check-job-targets.ts';
import { checkMachine, checkSettings } from '../doctor/check-machine.ts';
import { checkTemporal } from '../doctor/check-temporal.ts';
import { EXIT } from '../exit-code.ts';
import { jobQueues, storedQueues } from '../servers/job-queues.ts';
import { readInstallation } from '../../postgres/ledger/installation.ts';
import { openPool } from '../../postgres/pool.ts';
import { packageFacts } from '../package-facts.ts';
import { fitCommand } from '../render/fit-command.ts';
import { fitText, hint, paint, type Page } from '../render/page.ts';
import { renderTable } from '../render/render-table.ts';

interface DoctorOptions extends JsonOption {
  readonly queue?: readonly string[];
}

export function addDoctorCommand(program: Command, context: CommandContext): void {
  program
    .command('doctor')
    .summary('check the settings and servers')
    .description(
      'Checks the settings, the database, Temporal, the spool and Node, and prints what to do. Without DATABASE_URL or TEMPORAL_ADDRESS it checks the servers of the `dev` that runs in this directory. The exit code is 1 if a check fails. Secrets are never printed.',
    )
    .argument('[job]', 'also check whether the targets of this job can be written')
    .option('--queue <name...>', 'also check the pollers of these task queues; those of the jobs are always checked')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples(
        'vocab-sync doctor',
        'vocab-sync doctor ror-affiliations',
        'vocab-sync doctor --queue night-shift --json',
      ),
    )
    .action(async (job: string | undefined, { queue = [], json }: DoctorOptions) => {
      const settings = context.settings();
      const findings = [...checkSettings(settings), ...(await examine(withRunning(settings), context.cwd, queue, job))];
      const isBroken = findings.some(({ status }) => status === 'fail');
      await (json === true
        ? writeJson(context, { ok: !isBroken, version: packageFacts().version, settings: settings.origins, findings })
        : context.terminal.write(render(settings, findings, context.terminal.page)));
      context.end(isBroken ? EXIT.failed : EXIT.success);
    });
}

/** In place of what is not configured, what runs in this home. */
function withRunning(settings: Settings): Settings {
  const { database, temporal } = findRunningServers(settings.home);
  if (settings.databaseUrl === undefined) forgetPostgresVariables();
  const databaseUrl = settings.databaseUrl ?? database?.url;
  for (const password of passwordsOf(databaseUrl ?? '')) rememberSecret(password);
  if (settings.temporal !== undefined || temporal === undefined) return { ...settings, databaseUrl };
  const { namespace, uiUrl } = temporal;
  return { ...settings, databaseUrl, temporal: embeddedConnection(temporal), namespace, webUi: uiUrl };
}

async function examine(
  settings: Settings,
  cwd: string,
  named: readonly string[],
  job: string | undefined,
): Promise<readonly DoctorFinding[]> {
  const catalog = await loadCatalog(settings, cwd);
  const ofFiles = await jobQueues(catalog, cwd);
  const ledger = await lookIntoLedger(settings);
  const queues = [...new Set([...ofFiles, ...ledger.queues, ...named])];
  const found = await Promise.all([
    lookAtTargets(catalog),
    checkMachine(settings),
    checkDatabase(settings),
    checkTemporal(settings, queues, ledger.installation),
    job === undefined ? [] : checkJobTargets(settings, cwd, catalog, job),
  ]);
  return found.flat().map((finding) => ({ ...finding, message: redact(finding.message) }));
}

async function lookAtTargets(catalog: Catalog): Promise<readonly DoctorFinding[]> {
  if (catalog.targets.size === 0) return [];
  const { describeTargets } = await import('../load-targets.ts');
  return (await describeTargets(catalog)).map(({ name, target }) => ok('targets', `${name} is bound to ${target}`));
}

interface LedgerFacts {
  readonly queues: readonly string[];
  readonly installation?: string;
}

/** None where it cannot be asked: what is wrong with the database is a finding of its own. */
async function lookIntoLedger({ databaseUrl }: Settings): Promise<LedgerFacts> {
  if (databaseUrl === undefined) return { queues: [] };
  const pool = openPool({ url: databaseUrl, applicationName: 'vocab-sync doctor', max: 1 });
  try {
    return { queues: await storedQueues(pool), installation: await readInstallation(pool) };
  } catch {
    return { queues: [] };
  } finally {
    await pool.end();
  }
}

const LABELS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;

const SETTING_COLUMNS = [{ title: 'setting' }, { title: 'value', wraps: true }, { title: 'from' }];

const LABEL_COLOURS = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

function render(settings: Settings, findings: readonly DoctorFinding[], page: Page): string {
  const isSet = ({ value }: Settings['origins'][number]): boolean => value !== '';
  const rows = settings.origins.filter(isSet).map(({ name, value, from }) => [name, value, from]);
  const unset = settings.origins.filter((origin) => !isSet(origin)).map(({ name }) => name);
  const table = renderTable(SETTING_COLUMNS, rows, '', page);
  const rest = unset.length === 0 ? '' : fitText(`Not set: ${unset.join(', ')}\n`, page);
  const lines = findings.map((finding) => renderFinding(finding, page));
  return `vocab-sync ${packageFacts().version}\n\n${table}${rest}\n${lines.join('')}`;
}

function renderFinding({ status, subject, message, remedy, command }: DoctorFinding, page: Page): string {
  const lines = [
    `${paint(page, LABEL_COLOURS[status], LABELS[status])}  ${subject}: ${message}`,
    ...(remedy === undefined ? [] : [`      what to do: ${hint(page, remedy)}`]),
  ];
  const commands =
    command === undefined
      ? []
      : [fitCommand(hint(page, command), { first: '        ', others: '          ', width: page.width })];
  return [...lines.map((line) => fitText(line, page)), ...commands].map((line) => `${line}\n`).join('');
}
