/** The commands that bring their own servers, from an empty home. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import type { RunReport } from '../../src/records/run.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { packSampleDumps, type SampleDump } from '../support/sample-dumps.ts';
import { describeWithServers } from '../support/temporal-server.ts';
import { runWords, type RunResult, type RunWordsOptions } from './run-words.ts';

const SAMPLES = join(import.meta.dirname, '../../dist/samples');
const SMALL = ['--custom-args', '{"guards": {"min_records": 10, "max_shrink_percent": 20}}'];

describeWithServers('without configured servers', () => {
  let cwd: string;
  let env: Readonly<Record<string, string>>;
  let first: SampleDump;
  let second: SampleDump;

  beforeEach(async () => {
    cwd = makeTempDir();
    [first, second] = await packSampleDumps(join(cwd, 'samples'));
    const temporal = inject('temporal');
    env = { LOG_LEVEL: 'error', ...('missing' in temporal ? {} : { TEMPORAL_CLI_PATH: temporal.cliPath }) };
  });
  afterEach(() => {
    rmSync(cwd, { recursive: true, force: true });
  });

  const cli = (words: readonly string[], more: Partial<RunWordsOptions> = {}): Promise<RunResult> =>
    runWords(words, { cwd, env, ...more });
  const reportOf = ({ stdout }: RunResult): RunReport => JSON.parse(stdout) as RunReport;

  /** Starts `dev`, waits until it is there and stops it: its home stays. */
  const makeHome = async (): Promise<void> => {
    let dev: Promise<RunResult> | undefined;
    const stop = await new Promise<() => void>((resolve) => {
      dev = cli(['dev'], { onInterruptible: resolve });
    });
    stop();
    expect((await dev)?.code).toBe(0);
  };

  it('a plan outlives the servers of the command that made it', async () => {
    const refused = await cli(['run', 'ror-affiliations', '--input', first.path, ...SMALL]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('E_NOT_CONFIGURED') as string });
    expect(existsSync(join(cwd, '.vocab-sync'))).toBe(false);
    await makeHome();
    const published = await cli(['run', 'ror-affiliations', '--input', first.path, ...SMALL, '--json']);
    expect(reportOf(published)).toMatchObject({
      outcome: 'success',
      web_ui: expect.stringContaining('http://127.0.0.1') as string,
    });
    const planned = await cli(['plan', 'ror-affiliations', '--input', second.path, ...SMALL, '--json']);
    expect(planned.code).toBe(4);
    const approved = await cli(['approve', 'ror-affiliations@latest', '--json']);
    expect(approved.code).toBe(0);
    expect(reportOf(approved).tasks[0]?.targets).toEqual(reportOf(planned).tasks[0]?.targets);
    expect((await cli(['runs'])).stdout.trimEnd().split('\n')).toHaveLength(3);
  });

  it('other commands find the dev that runs in their home, whatever the environment says of another server', async () => {
    // R2: they were taken for the embedded server, which then never started.
    vi.stubEnv('PGSSLMODE', 'require');
    vi.stubEnv('PGOPTIONS', '-c no_such_setting=1');
    vi.stubEnv('PGHOST', 'elsewhere.invalid');
    vi.stubEnv('PGPORT', '1');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    let stop = (): void => undefined;
    let ready = (): void => undefined;
    const started = new Promise<void>((resolve) => (ready = resolve));
    const dev = cli(['dev'], {
      onInterruptible: (send) => {
        stop = send;
        ready();
      },
    });
    await started;
    const result = await cli(['run', 'ror-affiliations', '--input', first.path, ...SMALL, '--json']);
    const doctor = await cli(['doctor', '--queue', 'nobody-here', '--json']);
    const { findings } = JSON.parse(doctor.stdout) as {
      findings: { status: string; subject: string; message: string }[];
    };
    expect(findings).toContainEqual(expect.objectContaining({ status: 'ok', subject: 'migrations' }));
    expect(findings).toContainEqual(expect.objectContaining({ status: 'warn', subject: 'queue nobody-here' }));
    expect(doctor.stdout).not.toMatch(/postgresql:\/\/[^"]*:(?!\*\*\*)[^@"]+@/);
    const detached = await cli(['run', 'ror-affiliations', '--input', second.path, ...SMALL, '--detach']);
    expect(detached).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[0-9a-f-]{36}\n$/) as string });
    stop();
    const ended = await dev;
    expect(result.code).toBe(0);
    expect(result.stderr).not.toContain('PostgreSQL runs');
    expect(ended.code).toBe(0);
    expect(ended.stderr.includes('warning: dev runs as root, so every job')).toBe(process.getuid?.() === 0);
    expect(ended.stdout).toMatch(/^Web UI {4}http:\/\/127\.0\.0\.1:\d+$/m);
    expect(ended.stdout).not.toMatch(/postgres(ql)?:\/\/[^*\s]+:[^*\s]+@/);
  });

  it('refuses to leave a run to servers that end with the command', async () => {
    await makeHome();
    const { code, stderr } = await cli(['run', 'ror-affiliations', '--input', first.path, '--detach']);
    expect(code).toBe(2);
    expect(stderr).toContain('vocab-sync dev');
  });

  describe.skipIf(!existsSync(SAMPLES))('demo (needs `npm run build`)', () => {
    it('shows the whole thing, and again', async () => {
      const demo = (): Promise<RunResult> => cli(['demo', '--no-keep', '--json']);
      const once = await demo();
      expect(once.code).toBe(0);
      const story = JSON.parse(once.stdout) as { published: RunReport; planned: RunReport; approved: RunReport };
      expect(story.planned).toMatchObject({ phase: 'waiting', outcome: null });
      expect(story.approved).toMatchObject({ outcome: 'success', run: story.planned.run });
      expect(story.approved.tasks[0]?.targets).toEqual(story.planned.tasks[0]?.targets);
      const shown = await cli(['show', story.approved.run], { env: { ...env, VOCAB_SYNC_HOME: '.vocab-sync/demo' } });
      expect(shown.stdout).toContain('Demo: the next dump, reviewed: success');
      const again = JSON.parse((await demo()).stdout) as typeof story;
      expect(again.approved.tasks).toEqual(story.approved.tasks);
    });

    it('tells a story that a person can follow', async () => {
      const { stdout, stderr } = await cli(['demo', '--no-keep']);
      expect(stderr).toMatch(/1\. Publish[^]*2\. Plan[^]*3\. Approve/);
      expect(stdout).toContain('Would be updated');
      expect(stdout).toMatch(/Web UI {2}http:\/\//);
    });
  });
});
