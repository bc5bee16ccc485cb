/** Every writer that receives changes: drift is found, repaired exactly, and what a target holds is adopted. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApiService } from '../../src/http/create-api-service.ts';
import { runDrift } from '../support/drift-run.ts';
import { linesJob, openTestEngine, runJobOnce, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';
import { writerOfJob, type ChangesBench } from './changes-benches.ts';
import { targetsOfTests } from './postgres-bench.ts';
import { realTargets } from './real-benches.ts';

/** The others cannot say what they hold. */
const readable = [...targetsOfTests.filter(([, { lacks }]) => !lacks.includes('look')), ...realTargets()];
const api = createApiService({ allowedHosts: [], userAgent: 'vocab-sync-test' });
const IDS = Array.from({ length: 25 }, (_, i) => `id-${String(i).padStart(2, '0')}`);

describeWithPostgres('what differs in a target', () => {
  let engine: TestEngine;
  /** Another installation, which knows nothing of what was published. */
  let other: TestEngine;
  const secrets = new Map<string, string>();
  beforeAll(async () => {
    const more = { api, resolveSecret: (name: string) => secrets.get(name) ?? '' };
    [engine, other] = await Promise.all([openTestEngine(undefined, more), openTestEngine(undefined, more)]);
  });
  afterAll(() => Promise.all([engine.close(), other.close()]));

  describe.each(readable)('of the writer %s', (_name, { type, start }) => {
    let bench: ChangesBench;
    let job: Record<string, unknown>;

    beforeEach(async () => {
      bench = await start();
      const lines = IDS.map((id) => `${JSON.stringify(bench.document(id, `Name of ${id}`))}\n`).join('');
      job = linesJob(engine.file('lines.jsonl', lines), {
        id: `job-${randomUUID().slice(0, 8)}`,
        writers: [writerOfJob(type, bench, secrets)],
      });
    });
    afterEach(() => bench.close());

    const drift = async (mode: Parameters<typeof runDrift>[1], request = {}) => {
      const report = await runDrift(engine.steps, mode, job, { request });
      return { report, found: report.tasks[0]?.drift?.[0], counts: report.tasks[0]?.targets[0] };
    };
    const names = async (): Promise<unknown> => {
      const found: unknown[] = [];
      for (const id of IDS) found.push(await bench.nameOf(id));
      return found;
    };
    const AS_PUBLISHED = IDS.map((id) => `Name of ${id}`);
    /** Null for a target that cannot list what it holds. */
    const foreign = (counted: number | null | undefined, expected: number): void => {
      expect([expected, null]).toContain(counted);
    };

    it('is nothing after a run, is found where it was planted, and resync repairs exactly that', async () => {
      await runJobOnce(engine.steps, job);
      const clean = await drift('verify');
      expect(clean.report.outcome).toBe('success');
      expect(clean.found).toMatchObject({ compared: IDS.length, missing: 0, changed: 0, findings: [] });
      foreign(clean.found?.foreign, 0);
      await bench.remove('id-03');
      await bench.edit('id-05', 'Edited');
      await bench.edit('x-foreign', 'Foreign');
      const { report, found } = await drift('verify');
      expect(report.outcome).toBe('partial');
      expect(found).toMatchObject({ compared: IDS.length, missing: 1, changed: 1 });
      foreign(found?.foreign, 1);
      expect(found?.findings.slice(0, 2)).toMatchObject([
        { id: 'id-03', kind: 'missing' },
        { id: 'id-05', kind: 'changed' },
      ]);
      expect(JSON.stringify(found?.findings[1])).toMatch(/Name of id-05.*Edited/);
      expect([await bench.nameOf('id-03'), await bench.nameOf('id-05')]).toEqual([undefined, 'Edited']);

      const repaired = await drift('resync');
      expect(repaired.report.outcome).toBe('success');
      expect(repaired.counts).toMatchObject({ inserted: 1, updated: 1, withdrawn: 0, rejected: 0 });
      expect(await names()).toEqual(AS_PUBLISHED);
      expect(await bench.nameOf('x-foreign')).toBe('Foreign');
      expect((await drift('verify')).found).toMatchObject({ missing: 0, changed: 0 });
      // Nothing is left for a run of the same source.
      const again = await runJobOnce(engine.steps, job, { request: { force: true } });
      expect(again.tasks[0]?.targets[0]).toMatchObject({ unchanged: IDS.length });
    });

    it('is not there for records that are adopted, and others are kept or overwritten', async () => {
      await runJobOnce(engine.steps, job);
      await bench.edit('id-05', 'Edited');
      await bench.remove('id-07');
      const adopt = (onChanged: 'keep' | 'overwrite') =>
        runDrift(other.steps, 'adopt', job, { request: { onChanged } });
      const kept = await adopt('keep');
      expect(kept.tasks[0]?.targets[0]).toMatchObject({ adopted: IDS.length - 2, kept: 1, inserted: 1, updated: 0 });
      expect([await bench.nameOf('id-05'), await bench.nameOf('id-07')]).toEqual(['Edited', 'Name of id-07']);
      const next = await runJobOnce(other.steps, job, { request: { force: true } });
      expect(next.tasks[0]?.targets[0]).toMatchObject({ unchanged: IDS.length });
      expect(await bench.nameOf('id-05')).toBe('Edited');
      // Repeated, it changes nothing.
      expect((await adopt('keep')).tasks[0]?.targets[0]).toMatchObject({ unchanged: IDS.length });
      const repaired = await runDrift(other.steps, 'resync', job);
      expect(repaired.tasks[0]?.targets[0]).toMatchObject({ updated: 1, inserted: 0 });
      expect(await names()).toEqual(AS_PUBLISHED);
    });
  });
});
