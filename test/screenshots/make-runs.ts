/** Runs of each kind that an operator meets, in the state in which they meet them. */
import { openPool } from '../../src/postgres/pool.ts';
import type { DevServers, RunFacts } from './dev-servers.ts';
import { makeBadDumps } from './make-dumps.ts';

export interface ShownRuns {
  /** Published, but for three records. */
  readonly partial: RunFacts;
  /** Waits, because guards tripped. */
  readonly waiting: RunFacts;
  /** In the middle of its stage, and held there. */
  readonly running: RunFacts;
  /** Lets the running one go on. */
  release(): Promise<void>;
}

export async function makeRuns(servers: DevServers, before: string, after: string): Promise<ShownRuns> {
  const bad = await makeBadDumps(after, servers.directory);
  const run = async (outcome: string | null, ...args: readonly string[]): Promise<RunFacts> => {
    const facts = await servers.command(...args);
    if (facts.outcome !== outcome) throw new Error(`Expected ${String(outcome)}: ${JSON.stringify(facts)}`);
    return facts;
  };
  await run('success', 'run', 'ror-affiliations', '--input', before);
  await run('success', 'run', 'ror-funders', '--input', before);
  const partial = await run('partial', 'run', 'ror-affiliations', '--input', bad.damaged);
  await run('success', 'run', 'ror-affiliations', '--input', after);
  await run('unchanged', 'run', 'ror-affiliations', '--input', after);
  await run('failed', 'run', 'ror-funders', '--input', bad.page);
  const plan = await run(null, 'plan', 'ror-funders', '--input', after);
  await run('discarded', 'discard', plan.run, '--by', 'Ada', '--reason', 'after the holidays');
  const waiting = await run(null, 'run', 'ror-affiliations', '--input', bad.third);
  const hold = await holdStage(servers.databaseUrl);
  const started = await servers.command('run', 'ror-funders', '--input', after, '--detach');
  await hold.reached;
  return { partial, waiting, running: started, release: hold.release };
}

const ENOUGH_MILLISECONDS = 1200;

/** Every batch moves a checkpoint, so a lock on the checkpoints stops the stage where it is. */
async function holdStage(url: string): Promise<{ readonly reached: Promise<void>; release(): Promise<void> }> {
  const pool = openPool({ url, applicationName: 'screenshots', max: 1 });
  const client = await pool.connect();
  let seen: number | undefined;
  const reached = (async () => {
    for (;;) {
      await client.query('BEGIN');
      const { rows } = await client.query(
        "SELECT FROM vocab_sync.partition WHERE state <> 'staged' AND cursor IS NOT NULL",
      );
      if (rows.length > 0) {
        seen ??= Date.now();
        // After a second, heartbeats have a rate and the remaining time.
        if (Date.now() - seen > ENOUGH_MILLISECONDS) break;
      }
      await client.query('COMMIT');
    }
    await client.query('LOCK TABLE vocab_sync.partition IN SHARE ROW EXCLUSIVE MODE');
  })();
  return {
    reached,
    async release() {
      await client.query('COMMIT');
      client.release();
      await pool.end();
    },
  };
}
