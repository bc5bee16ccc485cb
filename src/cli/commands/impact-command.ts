/**
 * `impact RUN`: which records of the repository refer to the records that a run changes, or would change if it waits
 * for approval.
 */
import type { Command } from 'commander';
import type { Catalog } from '../../component/catalog.ts';
import { ConfigError } from '../../errors.ts';
import { findRunId } from '../../postgres/ledger/history.ts';
import { listImpacts } from '../../postgres/ledger/impacts.ts';
import { jobOfRun } from '../../postgres/ledger/job-of-run.ts';
import { findRun, listTasks, type RunRow } from '../../postgres/ledger/run-rows.ts';
import type { Pool } from '../../postgres/pool.ts';
import { measureImpact } from '../../temporal/measure-impact.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { renderImpacts } from '../render/render-impact.ts';
import { openServersFor, requireWorker } from '../servers/require-worker.ts';
import { parseCount } from './options/parse-count.ts';
import { queueOf } from './run/queue-of.ts';
import { runTargets } from './run/run-targets.ts';

interface ImpactOptions extends JsonOption {
  readonly target?: string;
  readonly most?: number;
}

export function addImpactCommand(program: Command, context: CommandContext): void {
  program
    .command('impact')
    .summary('how many records of a repository refer to what a run changes')
    .description(
      `Counts the records of a target that refer to what the run withdraws, renames or finds no longer in use. A worker does this, because it has the credentials, and it respects the rate limit of the target. The result is kept with the run: \`show\`, \`changes --format markdown\`,
and the details of a waiting run in the Web UI show it.`,
    )
    .argument('<run>', 'a run id, a unique prefix of it, JOB@latest or JOB@published')
    .option('--target <name>', 'only this target, by its name in the report')
    .option(
      '--most <n>',
      'how many changed records to look up at most (default: the setting of the job, or 200)',
      parseCount,
    )
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync impact ror-affiliations@latest'))
    .action(async (reference: string, { target, most, json }: ImpactOptions) => {
      await openServersFor(context, false, async (servers) => {
        const { pool, temporal, catalog, installation } = servers;
        const id = await findRunId(pool, reference);
        const run = await findRun(pool, id);
        if (run === undefined) throw new ConfigError('E_RUN_NOT_FOUND', `Run ${id} is not in the ledger any more.`);
        const tasks = await tasksToAsk(pool, run, catalog, target);
        const queue = run.finished_at === null ? await queueOf(temporal.client, run) : jobOfRun(run).queue;
        await requireWorker(context, servers, queue, false);
        const waiting = run.phase === 'waiting' ? { waiting: { workflowId: run.workflow_id, runId: run.id } } : {};
        for (const task of tasks) {
          const input = { ...{ installation, run: id, task }, ...given('target', target), ...given('most', most) };
          const measured = await measureImpact(temporal.client, queue, { input, ...waiting });
          if (measured.kind === 'measured') continue;
          context.terminal.say(`The impact could not be measured: ${measured.error.code}: ${measured.error.message}`);
          context.end(EXIT.failed);
          return;
        }
        const impacts = (await listImpacts(pool, id)).filter((one) => target === undefined || one.target === target);
        await (json === true
          ? writeJson(context, { run: id, impacts })
          : context.terminal.write(renderImpacts(impacts, context.terminal.page)));
        context.end(impacts.every(({ failure }) => failure === undefined) ? EXIT.success : EXIT.failed);
      });
    });
}

function given<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, T>);
}

/**
 * Returns the tasks that have a plan and a target that can count references. Throws ConfigError if no task has both.
 */
async function tasksToAsk(
  pool: Pool,
  run: RunRow,
  catalog: Catalog,
  target: string | undefined,
): Promise<readonly string[]> {
  const compared = (await listTasks(pool, run.id)).filter(({ plan_digest: plan }) => plan !== null);
  const targetsOf = await runTargets(run, catalog);
  const job = jobOfRun(run);
  const names = compared.flatMap((task) => targetsOf(task).map(({ name }) => name));
  const found = compared.filter(({ name, ...task }) => {
    const writers = job.tasks.find((one) => one.name === name)?.writers ?? [];
    return targetsOf({ name, ...task }).some((one, index) => {
      const type = writers[index]?.type;
      const writer = type === undefined ? undefined : catalog.writers.get(type);
      const canSay = writer?.receives === 'changes' && writer.countReferences !== undefined;
      return canSay && (target === undefined || target === one.name);
    });
  });
  if (found.length > 0) return found.map(({ name }) => name);
  throw new ConfigError(
    'E_REFERENCES_UNKNOWN',
    `Expected ${target === undefined ? 'a target' : `the target ${target}`} of run ${run.id} that can find the records that refer to its own, found ${names.length === 0 ? 'no plan' : names.join(', ')}.`,
    { details: { run: run.id } },
  );
}
