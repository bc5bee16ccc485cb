/**
 * Gates in a database at which the runs in it stop, to be struck there: behind the first checkpoint of a stage, where the
 * next one is written and not committed; and behind all of a publication, before its commit.
 */
import { openPool } from '../../src/postgres/pool.ts';
import { until } from './workflow-bench.ts';

export type Gate = 'stage' | 'apply';

export interface KillGates {
  shut(gate: Gate): Promise<void>;
  /** Resolves when so many runs wait at the gate. */
  reached(gate: Gate, runs: number): Promise<void>;
  /** Statements that wait continue; those of a dead worker, to their rollback. */
  open(gate: Gate): Promise<void>;
  /** The records that were read at each checkpoint that was committed, in order, by attempt. */
  checkpoints(run: string): Promise<readonly (readonly number[])[]>;
  close(): Promise<void>;
}

const LOCKS: Readonly<Record<Gate, number>> = { stage: 1, apply: 2 };

const TRIGGERS = `
  CREATE TABLE public.checkpoint (n bigserial, run_id uuid, lease text, read integer);
  CREATE FUNCTION public.wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock_shared(TG_ARGV[0]::bigint); RETURN NEW; END $$;
  CREATE FUNCTION public.note_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO public.checkpoint (run_id, lease, read) VALUES (NEW.run_id, NEW.lease, (NEW.tally ->> 'read')::integer);
    RETURN NULL; END $$;
  CREATE TRIGGER gate BEFORE UPDATE ON vocab_sync.partition FOR EACH ROW
    WHEN (OLD.cursor IS NOT NULL AND NEW.lease = OLD.lease) EXECUTE FUNCTION public.wait_at_gate(${String(LOCKS.stage)});
  CREATE TRIGGER note AFTER UPDATE ON vocab_sync.partition FOR EACH ROW
    WHEN (NEW.lease = OLD.lease) EXECUTE FUNCTION public.note_checkpoint();
  CREATE TRIGGER gate BEFORE UPDATE ON vocab_sync.task FOR EACH ROW
    WHEN (OLD.applied_at IS NULL AND NEW.applied_at IS NOT NULL) EXECUTE FUNCTION public.wait_at_gate(${String(LOCKS.apply)});`;

/** The database has to be migrated. */
export async function buildKillGates(url: string): Promise<KillGates> {
  const pool = openPool({ url, applicationName: 'kill test gates' });
  await pool.query(TRIGGERS);
  const keeper = await pool.connect();
  return {
    shut: async (gate) => {
      await keeper.query('SELECT pg_advisory_lock($1)', [LOCKS[gate]]);
    },
    reached: async (gate, runs) => {
      await until(
        `${String(runs)} runs wait at the gate ${gate}`,
        async () => {
          const { rows } = await pool.query<{ n: number }>(
            `SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = 0 AND objid = $1
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
            [LOCKS[gate]],
          );
          return rows[0]?.n === runs;
        },
        120,
      );
    },
    open: async (gate) => {
      await keeper.query('SELECT pg_advisory_unlock($1)', [LOCKS[gate]]);
    },
    checkpoints: async (run) => {
      const { rows } = await pool.query<{ reads: readonly number[] }>(
        'SELECT array_agg(read ORDER BY n) AS reads FROM public.checkpoint WHERE run_id = $1 GROUP BY lease ORDER BY min(n)',
        [run],
      );
      return rows.map(({ reads }) => reads);
    },
    close: async () => {
      keeper.release(true);
      await pool.end();
    },
  };
}
