/** The printed remedy names the run, the job and the file where they are known. */
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { fillRemedy } from '../../src/cli/fill-remedy.ts';
import { printError } from '../../src/cli/print-error.ts';
import { renderReport } from '../../src/cli/render/render-report.ts';
import { createTerminal } from '../../src/cli/terminal.ts';
import { ERROR_CODES } from '../../src/error-codes.ts';
import { ConfigError, StateError } from '../../src/errors.ts';
import { jobInvalid } from '../../src/job/parse-job.ts';
import { retryRefused } from '../../src/pipeline/undo/retried-run.ts';

const RUN = '0198c0de-0000-7000-8000-000000000001';

async function printed(error: unknown): Promise<string> {
  const stderr = new PassThrough();
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr };
  const terminal = createTerminal({ ...streams, onInterrupt: () => () => undefined, program: 'npx vocab-sync' });
  await printError(terminal, error, { json: false, debug: false });
  return String(stderr.read());
}

describe('the remedy of an error', () => {
  it('names the run, the job and the file of the error, with the program as it was called', async () => {
    const refused = new ConfigError('E_ROLLBACK_REFUSED', 'No.', { details: { run: RUN, job: 'ror' } });
    expect(await printed(refused)).toContain(`\`npx vocab-sync show ${RUN}\` and \`npx vocab-sync runs ror\``);
    expect(await printed(retryRefused(RUN, 'it rejected no record', { job: 'ror' }))).toContain('run ror --force`');
    expect(await printed(new StateError('E_RUN_STATE', 'No.', { details: { run: RUN } }))).toContain(`show ${RUN}\``);
    expect(await printed(jobInvalid([], 'jobs/ror.json'))).toContain('`npx vocab-sync check jobs/ror.json`');
  });

  it('quotes a file name for the shell', async () => {
    expect(await printed(jobInvalid([], "my job's.json"))).toContain("`npx vocab-sync check 'my job'\\''s.json'`");
  });

  it.each([
    {},
    { file: undefined },
    { file: 7 },
    { file: '' },
    { file: '--json' },
    { file: 'a\u001b[2Jb' },
    { file: 'a`b' },
  ])('stays as it is where no usable name is known: %j', (names) => {
    expect(fillRemedy('E_JOB_INVALID', names)).toBe(ERROR_CODES.E_JOB_INVALID.remedy);
  });

  it('leaves words outside of commands alone', () => {
    const names = { run: RUN, job: 'ror', file: 'x.json' };
    expect(fillRemedy('E_NOT_CONFIGURED', names)).toContain('--env-file FILE');
    expect(fillRemedy('E_RUN_NOT_FOUND', names)).toContain('JOB@latest');
    expect(fillRemedy('X_OF_A_PLUGIN', names)).toContain('plug-in');
  });

  it('has no placeholder left in any code when all names are known', () => {
    const names = { run: RUN, job: 'ror', file: 'x.json' };
    const commands = Object.keys(ERROR_CODES).flatMap(
      (code) => fillRemedy(code, names).match(/`vocab-sync [^`]*`/g) ?? [],
    );
    expect(commands.length).toBeGreaterThan(20);
    expect(commands.filter((command) => /\b(?:RUN|JOB|FILE)\b/.test(command))).toEqual([]);
  });
});

describe('the report of a failed run', () => {
  const report = (code: string, version: number | null): string =>
    renderReport({
      run: RUN,
      job: 'ror',
      version,
      outcome: 'failed',
      phase: 'done',
      trigger: 'manual',
      mode: 'run',
      title: 'ROR',
      since: null,
      started_at: '2026-11-30T01:00:00.000Z',
      finished_at: '2026-11-30T01:00:01.000Z',
      workflow_id: 'w',
      web_ui: null,
      tasks: [],
      error: { code, message: 'No.' },
    });

  it('names its run, and its job where that is stored', () => {
    expect(report('E_TOO_MANY_REJECTED', null)).toContain(`vocab-sync rejections ${RUN}`);
    expect(report('E_STEP_STUCK', 3)).toContain('vocab-sync preview ror');
    expect(report('E_STEP_STUCK', null)).toContain('vocab-sync preview JOB');
    expect(report('X_OF_A_PLUGIN', 3)).not.toContain('what to do');
  });
});
