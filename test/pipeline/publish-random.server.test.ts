/**
 * Publishing into a target that loses answers, is busy, refuses records, is edited, and into a database that fails, with
 * cancels in between. Whatever happens, the counts add up, and after a last undisturbed run the target holds the source.
 * `SEED=1 COUNT=100 npx vitest run test/pipeline/publish-random.server.test.ts` tries other seeds.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConfigError, UnavailableError } from '../../src/errors.ts';
import { createRunSteps } from '../../src/pipeline/create-run-steps.ts';
import type { PublishInput, RunSteps } from '../../src/pipeline/run-steps.ts';
import type { ChangeResult } from '../../src/records/change.ts';
import { createFraction } from '../fuzz/create-random.ts';
import { linesJob, openTestEngine, runJobOnce, stepContext, type TestEngine } from '../support/engine.ts';
import { memoryTarget, type MemoryTarget } from '../support/memory-target.ts';
import { describeWithPostgres } from '../support/postgres.ts';

const FIRST = Number(process.env['SEED'] ?? 1);
const COUNT = Number(process.env['COUNT'] ?? 12);
const MOST_ATTEMPTS = 60;

interface Random {
  (): number;
  pick<T>(list: readonly T[]): T;
}

function openRandom(seed: number): Random {
  const next = createFraction(seed);
  return Object.assign(next, { pick: <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T });
}

describeWithPostgres('publishing with random troubles', () => {
  let bench: TestEngine;
  let target: MemoryTarget;
  beforeAll(async () => {
    target = memoryTarget();
    bench = await openTestEngine(undefined, { writers: [target.writer], pauses: { first: 1, busy: 2 } });
  });
  afterAll(() => bench.close());

  it.each(Array.from({ length: COUNT }, (_, i) => FIRST + i))('seed %i', { timeout: 120_000 }, async (seed) => {
    const random = openRandom(seed);
    const job = `random-${randomUUID().slice(0, 8)}`;
    target.held.clear();
    target.made.length = 0;
    target.reads = 'list';
    target.limits = {
      batch: random.pick([1, 3, 10, 40, 600]),
      batchBytes: random.pick([300, 1_000_000]),
      concurrency: random.pick([1, 2, 5]),
      ...(random() < 0.3 ? { requestsPerSecond: random.pick([5, 100]) } : {}),
    };
    const ids = Array.from({ length: random.pick([8, 30, 150]) }, (_, i) => `r${String(i).padStart(3, '0')}`);
    const config = (records: Readonly<Record<string, string>>): Record<string, unknown> => {
      const lines = Object.entries(records).map(([id, name]) => `${JSON.stringify({ id, name })}\n`);
      const writers = [{ type: 'memory', args: { name: job } }];
      return linesJob(bench.file('random.jsonl', lines.join('')), { id: job, writers, guards: {} });
    };
    const source = (): Readonly<Record<string, string>> =>
      Object.fromEntries(ids.filter(() => random() < 0.7).map((id) => [id, random.pick(['x', 'y', 'z'])]));

    for (let round = 0; round < 4; round++) {
      const records = source();
      const publish = disturb(bench, target, ids, random);
      const run = randomUUID();
      const options = { run, publish, approve: true, request: { force: true } };
      const failed = await runJobOnce(bench.steps, config(records), options).then(
        () => '',
        (error: unknown) => (error as Error).message,
      );
      expect(failed, `round ${String(round)}`).toMatch(/^$|cancelled|token/);
      await expectCountsToAddUp(bench, run);
    }

    target.before = undefined;
    target.after = undefined;
    const records = source();
    const last = await runJobOnce(bench.steps, config(records), { approve: true, request: { force: true } });
    expect(last.tasks[0]?.targets[0]).toMatchObject({ rejected: 0 });
    // An insert that was given up may have been made. If the source drops that record, nothing shows whose it is.
    const { rows: givenUp } = await bench.pool.query<{ id: string }>(
      'SELECT DISTINCT record_id AS id FROM vocab_sync.rejection JOIN vocab_sync.run r ON r.id = run_id WHERE r.job_id = $1',
      [job],
    );
    const mayStay = new Set(givenUp.map(({ id }) => id).filter((id) => !(id in records)));
    const held = [...target.held]
      .filter(([id]) => !mayStay.has(id))
      .map(([id, record]) => [id, record['name']] as const);
    expect(Object.fromEntries(held)).toEqual(records);
  });
});

/** Sets what the target does in this round. Returns how the step is called: again and again, until it ends. */
function disturb(
  bench: TestEngine,
  target: MemoryTarget,
  ids: readonly string[],
  random: Random,
): (input: PublishInput) => Promise<void> {
  const few = (): ReadonlySet<string> => new Set(ids.filter(() => random() < 0.03));
  const [poisoned, refused, edited] = [few(), few(), few()];
  const rate = random.pick([0, 0.02, 0.1]);
  const databaseRate = random.pick([0, 0, 0.05]);
  const cancelRate = random.pick([0, 0, 0.03]);
  let stop = new AbortController();
  target.before = ({ id }): ChangeResult | undefined => {
    if (poisoned.has(id)) throw new UnavailableError('E_TARGET_UNAVAILABLE', '500', { details: { status: 500 } });
    if (refused.has(id)) return { id, result: 'rejected', code: 'E_TARGET_REFUSED', message: 'no' };
    if (edited.has(id)) return { id, result: 'conflict', message: 'edited' };
    if (random() >= rate) return undefined;
    if (random() < 0.3) throw new UnavailableError('E_TARGET_UNAVAILABLE', 'cut');
    return random.pick<ChangeResult>([
      { id, result: 'again', message: '429', isBusy: true, after: 1 },
      { id, result: 'again', message: 'again' },
      { id, result: 'again', message: '503', after: 1 },
    ]);
  };
  target.after = () => {
    if (random() < cancelRate) stop.abort(new Error('cancelled'));
    if (random() < rate) throw new UnavailableError('E_TARGET_UNAVAILABLE', 'the answer was lost');
    if (random() < rate / 10) throw new ConfigError('E_TARGET_FORBIDDEN', 'token');
  };
  const steps = stepsWithFailingDatabase(bench, () => random() < databaseRate);
  return async (input) => {
    for (let attempt = 0; ; attempt++) {
      try {
        stop = new AbortController();
        await steps.publishTarget(input, stepContext(stop.signal));
        return;
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        if (attempt < MOST_ATTEMPTS) continue;
        target.before = undefined;
        target.after = undefined;
      }
    }
  };
}

function stepsWithFailingDatabase(bench: TestEngine, fails: () => boolean): RunSteps {
  const pool = new Proxy(bench.pool, {
    get(of, name) {
      const value: unknown = Reflect.get(of, name, of);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        if ((name === 'connect' || name === 'query') && fails())
          return Promise.reject(new UnavailableError('E_DATABASE_UNAVAILABLE', 'the connection was cut'));
        return Reflect.apply(value as (...all: unknown[]) => unknown, of, args);
      };
    },
  });
  return createRunSteps({ ...bench.engine, pool });
}

const COUNTED = ['inserted', 'updated', 'restored', 'withdrawn', 'rejected', 'kept', 'not_withdrawn'];

async function expectCountsToAddUp({ pool }: TestEngine, run: string): Promise<void> {
  const { rows } = await pool.query<{ state: string; total: number; answered: number; counts: Record<string, number> }>(
    'SELECT state, total, answered, counts FROM vocab_sync.publication WHERE run_id = $1',
    [run],
  );
  for (const { state, total, answered, counts } of rows) {
    expect(COUNTED.reduce((sum, name) => sum + (counts[name] ?? 0), 0)).toBe(answered);
    if (state === 'done') expect(answered).toBe(total);
  }
  const { rows: left } = await pool.query('SELECT 1 FROM vocab_sync.outgoing WHERE run_id = $1', [run]);
  expect(left).toEqual([]);
}
