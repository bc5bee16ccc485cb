/** The commands that need no server, as an operator meets them. */
import { rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { buildZip } from '../support/build-zip.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { packSampleDumps, type SampleDump } from '../support/sample-dumps.ts';
import { runWords, type RunResult } from './run-words.ts';

let cwd: string;
let sample: SampleDump;

beforeAll(async () => {
  cwd = makeTempDir();
  [sample] = await packSampleDumps(join(cwd, 'samples'));
});
afterAll(() => {
  rmSync(cwd, { recursive: true, force: true });
});

const run = (...words: readonly string[]): Promise<RunResult> => runWords(words, { cwd });

function writeJob(name: string, change: (job: Record<string, unknown>) => void): string {
  const job: Record<string, unknown> = {
    id: name,
    title: 'A job of a test',
    readers: [
      { type: 'file', args: { path: sample.path } },
      { type: 'zip', args: { regex: '-ror-data\\.json$' } },
      { type: 'json' },
    ],
    transformers: [{ type: 'ror-affiliations' }],
    writers: [{ type: 'postgres', args: { table: 'affiliations' } }],
  };
  change(job);
  const path = join(cwd, `${name}.json`);
  writeFileSync(path, JSON.stringify(job, null, 2));
  return path;
}

describe('help and usage', () => {
  it('lists every command and the exit codes', async () => {
    const { code, stdout } = await run('--help');
    expect(code).toBe(0);
    for (const name of COMMANDS.keys()) expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    expect(stdout).toContain('4 waiting for approval');
    // All commands are loaded, as nowhere else.
  }, 60_000);

  it.each([...COMMANDS.keys()])('%s --help has an example', async (name) => {
    const { code, stdout } = await run(name, '--help');
    expect(code).toBe(0);
    expect(stdout).toContain(`$ `);
    expect(stdout).toContain(`vocab-sync ${name}`);
  });

  it('answers a slip with the word that was meant, on stderr, with exit code 2', async () => {
    const command = await run('prevew');
    expect(command).toMatchObject({ code: 2, stdout: '' });
    expect(command.stderr).toContain('Did you mean preview?');
    const option = await run('runs', '--statu', 'waiting');
    expect(option).toMatchObject({ code: 2, stdout: '' });
    expect(option.stderr).toContain('Did you mean --status?');
  });

  it('answers what is missing or too much with the usage of that command', async () => {
    for (const [words, usage] of [
      [['show'], 'vocab-sync show [options] <run>'],
      [['show', 'a', 'b'], 'vocab-sync show [options] <run>'],
      [['job', 'show'], 'vocab-sync job show [options] <job>'],
      [['runs', '--limit', 'many'], 'vocab-sync runs [options] [job]'],
    ] as const) {
      const { code, stderr } = await run(...words);
      expect(code).toBe(2);
      expect(stderr).toContain(`(usage: ${usage}; `);
    }
  });

  it.each([
    [['run', 'units', '--title', ' '], 'expected 1 to 250 characters, found 0.'],
    [['plan', 'units', '--title', 'x'.repeat(251)], 'expected 1 to 250 characters, found 251.'],
    [['run', 'units', '--queue', ''], 'expected 1 to 200 characters, found 0.'],
    [['approve', '01', '--by', ''], 'expected 1 to 200 characters, found 0.'],
    [['discard', '01', '--reason', 'x'.repeat(2_001)], 'expected 1 to 2000 characters, found 2001.'],
    [['watermark', 'units', 'clear', '--by', ''], 'expected 1 to 200 characters, found 0.'],
  ])('refuses a text that nobody could read in a list: %j', async (words, says) => {
    const { code, stderr } = await run(...words);
    expect(code).toBe(2);
    expect(stderr).toContain(says);
  });

  it.each([
    [['show', '--json'], "missing required argument 'run'"],
    [['runs', '--limit', 'many', '--json'], "option '--limit <n>' argument 'many' is invalid."],
    [['runs', '--json', '--statu', 'waiting'], "unknown option '--statu'"],
  ])('answers a slip with one JSON document where JSON is asked for: %j', async (words, says) => {
    const { code, stdout } = await run(...words);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'E_USAGE', message: expect.stringContaining(says) as string },
    });
  });

  it('shows the help when nothing is asked, as a usage error', async () => {
    const { code, stdout, stderr } = await run();
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('Usage: vocab-sync');
  });

  it('prints the version of the package', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    expect((await run('--version')).stdout.trim()).toBe(version);
  });
});

describe('check', () => {
  it('finds nothing in the shipped jobs', async () => {
    const { code, stdout } = await run('check');
    expect(code).toBe(0);
    expect(stdout).toContain('ror-affiliations.json: ok');
  });

  it('names every mistake with its place, and what was meant', async () => {
    const path = writeJob('broken', (job) => {
      job['writer'] = [];
      job['readers'] = [{ type: 'file', args: { pth: 'a' } }, { type: 'jsn' }];
    });
    const { code, stdout } = await run('check', path);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^broken\.json:\d+:\d+: error: .*did you mean "json"/m);
    expect(stdout).toMatch(/^broken\.json:\d+:\d+: error: .*did you mean "path"/m);
    expect(stdout).toMatch(/^broken\.json:\d+:\d+: error: .*did you mean "writers"/m);
  });

  it('says the same as one JSON document', async () => {
    const path = writeJob('broken-too', (job) => {
      job['readers'] = [{ type: 'file', args: { path: 'a' } }, { type: 'jsn' }];
    });
    const { code, stdout } = await run('check', path, '--json');
    expect(code).toBe(1);
    const report = JSON.parse(stdout) as {
      ok: boolean;
      files: { problems: { pointer: string; suggestion?: string }[] }[];
    };
    expect(report.ok).toBe(false);
    expect(report.files[0]?.problems).toContainEqual(
      expect.objectContaining({ pointer: '/readers/1/type', suggestion: 'json' }),
    );
  });

  it('tells a file that is not there from one that is wrong', async () => {
    const { code, stdout, stderr } = await run('check', 'nowhere.json', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'E_JOB_NOT_FOUND' } });
    expect(stderr).toContain('what to do:');
  });
});

describe('preview', () => {
  const input = (): readonly string[] => ['--input', sample.path];

  it('prints one line for each entry, with origin, id and record', async () => {
    const { code, stdout, stderr } = await run('preview', 'ror-affiliations', ...input());
    expect(code).toBe(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { origin: string; id: string; record: { id: string } });
    expect(lines).toHaveLength(sample.records.length);
    expect(lines[0]?.origin).toBe(`file:${sample.release}.zip > zip:${sample.release}.json > json:0`);
    for (const line of lines) expect(line.record.id).toBe(line.id);
    expect(stderr).toContain(`${String(sample.records.length)} read`);
  });

  it('stops at the limit', async () => {
    const { stdout } = await run('preview', 'ror-affiliations', ...input(), '--limit', '3');
    expect(stdout.trimEnd().split('\n')).toHaveLength(3);
  });

  it('refuses a limit that is none', async () => {
    expect(await run('preview', 'ror-affiliations', ...input(), '--limit', '0')).toMatchObject({ code: 2, stdout: '' });
  });

  it('shows the value after each transformer', async () => {
    const { stdout } = await run('preview', 'ror-affiliations', ...input(), '--format', 'trace', '--limit', '1');
    expect(stdout).toMatch(/--- read\n[^]*--- ror-affiliations\n[^]*=== staged as /);
  });

  it('with --json is one document', async () => {
    const { stdout } = await run('preview', 'ror-affiliations', ...input(), '--limit', '2', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      counts: { read: 2, staged: 2 },
      entries: [{ id: expect.any(String) as string }, {}],
    });
  });

  it('takes the dump from stdin', async () => {
    const { code, stdout } = await runWords(['preview', 'ror-affiliations', '--input', '-', '--limit', '1'], {
      cwd,
      stdin: await readFile(sample.path),
    });
    expect(code).toBe(0);
    expect(stdout).toContain('"id"');
  });

  it('shows what is rejected and goes on', async () => {
    const [good] = sample.records;
    const records = [{ id: 17 }, good];
    const path = join(cwd, 'half.zip');
    writeFileSync(path, buildZip([{ name: 'v9-ror-data.json', content: JSON.stringify(records) }]));
    const { code, stdout } = await run('preview', 'ror-affiliations', '--input', path);
    expect(code).toBe(0);
    const [rejected, staged] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rejected).toMatchObject({ rejected: { code: expect.stringMatching(/^E_RECORD_/) as string } });
    expect(staged).toHaveProperty('record');
  });

  it('fails with the code of a source that is unusable', async () => {
    const path = join(cwd, 'page.zip');
    writeFileSync(path, '<!doctype html><title>Sign in</title>');
    const { code, stdout, stderr } = await run('preview', 'ror-affiliations', '--input', path);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('E_ZIP_NO_CENTRAL_DIRECTORY');
  });

  it('names an input that is not there', async () => {
    const { code, stderr } = await run('preview', 'ror-affiliations', '--input', 'absent.zip');
    expect(code).toBe(2);
    expect(stderr).toContain(join(cwd, 'absent.zip'));
    expect(stderr).toContain('E_FILE_NOT_FOUND');
  });
});

describe('components', () => {
  it('lists them, and shows one with its arguments', async () => {
    const all = JSON.parse((await run('components', '--json')).stdout) as {
      components: { kind: string; type: string }[];
    };
    expect(all.components).toContainEqual(expect.objectContaining({ kind: 'reader', type: 'zip' }));
    const one = await run('components', 'zip');
    expect(one.stdout).toContain('regex');
    const both = JSON.parse((await run('components', 'file', '--json')).stdout) as { components: { kind: string }[] };
    expect(both.components.map(({ kind }) => kind)).toEqual(['reader', 'writer']);
  });

  it('suggests the nearest name', async () => {
    const { code, stderr } = await run('components', 'zpi');
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean "zip"');
  });

  it('lists the jobs', async () => {
    expect((await run('components', '--jobs')).stdout).toContain('ror-funders');
  });
});

describe('run --explain', () => {
  it('shows the effective config and where each value is from, and starts nothing', async () => {
    const { code, stdout } = await run(
      'run',
      'ror-affiliations',
      '--explain',
      '--json',
      '--input',
      sample.path,
      '--custom-args',
      '{"guards":{"min_records":3}}',
    );
    expect(code).toBe(0);
    const { values } = JSON.parse(stdout) as { values: unknown[] };
    expect(values).toContainEqual({ pointer: '/guards/min_records', value: 3, origin: 'custom args' });
    expect(values).toContainEqual({ pointer: '/readers/0/args/path', value: sample.path, origin: '--input' });
    expect(values).toContainEqual({ pointer: '/guards/max_rejected_percent', value: 1, origin: 'job file' });
  });

  it.each([
    ['--custom-args', '{"gards":{}}', 'E_CUSTOM_ARGS_INVALID', 'did you mean "guards"'],
    ['--custom-args', '[1]', 'E_CUSTOM_ARGS_INVALID', 'JSON object'],
    ['--custom-args', '{', 'E_CUSTOM_ARGS_INVALID', 'not JSON'],
    ['--custom-args', '@absent.json', 'E_FILE_NOT_FOUND', 'absent.json'],
    ['--since', 'yesterday-ish', 'E_SINCE_INVALID', 'yesterday-ish'],
  ])('refuses %s %s before anything starts', async (option, value, errorCode, text) => {
    const { code, stderr } = await run('run', 'ror-affiliations', option, value);
    expect(code).toBe(2);
    expect(stderr).toContain(errorCode);
    expect(stderr).toContain(text);
  });
});

it('reports unusable settings as usage errors without printing a secret', async () => {
  const { code, stderr } = await runWords(['runs'], { cwd, env: { DATABASE_URL: 'mysql://me:hunter2hunter2@db/x' } });
  expect(code).toBe(2);
  expect(stderr).toContain('E_SETTINGS_INVALID');
  expect(stderr).not.toContain('hunter2hunter2');
});

it('a worker without servers says what to set', async () => {
  const { code, stderr } = await run('worker');
  expect(code).toBe(2);
  expect(stderr).toContain('DATABASE_URL and TEMPORAL_ADDRESS');
});

it('a database that is away is told from a wrong config', async () => {
  const { code, stderr } = await runWords(['runs'], {
    cwd,
    env: { DATABASE_URL: 'postgresql://me:topsecretword@127.0.0.1:9/x' },
  });
  expect(code).toBe(6);
  expect(stderr).toContain('E_DATABASE_UNAVAILABLE');
  expect(stderr).not.toContain('topsecretword');
});

describe('custom args', () => {
  const explain = (text: string | Buffer): Promise<RunResult> => {
    const path = writeJob('laid', () => undefined);
    writeFileSync(join(cwd, 'over.json'), text);
    return run('run', path, '--custom-args', '@over.json', '--explain');
  };

  it('come from a file with a byte order mark, too', async () => {
    const { code, stdout } = await explain('\uFEFF{"title": "Laid over"}');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^title +"Laid over" +custom args$/m);
  });

  it.each([
    [
      'a key that stands twice',
      '{"title": "A",\n "title": "B"}',
      'the key "title" appears a second time here; keep one of the two (line 2, column 2).',
    ],
    ['nothing', '', 'expected a JSON object, found nothing (line 1, column 1).'],
    ['an open brace', '{"title": "A"', 'expected a closing brace }'],
    ['a depth that no job has', `{"a":${'['.repeat(100_000)}`, 'the JSON is nested too deeply to be part of a job'],
    ['UTF-16', Buffer.from('{"title": "A"}', 'utf16le'), 'it is not JSON: '],
  ])('are refused where they hold %s', async (_what, text, says) => {
    const { code, stdout, stderr } = await explain(text);
    expect(stderr).toContain('Expected --custom-args to be a JSON object or @FILE, but it is not JSON: ');
    expect(stderr).toContain(says);
    expect(stderr).toContain('code:        E_CUSTOM_ARGS_INVALID');
    expect([code, stdout]).toEqual([2, '']);
  });

  it.each([1024 ** 2 + 1, 20_000_000])('are refused where their file has %i bytes', async (bytes) => {
    const { code, stdout, stderr } = await explain(`{"a": "${'x'.repeat(bytes - 9)}"}`);
    expect(stderr).toMatch(/over\.json of --custom-args .*at most 1 MiB of JSON, but it has \d+ bytes/);
    expect(stderr).toContain(`it has ${String(bytes)} bytes`);
    expect(stderr).toContain('code:        E_CUSTOM_ARGS_INVALID');
    expect([code, stdout]).toEqual([2, '']);
  });
});

it('doctor asks about settings that are misspelt, and not about the secrets of jobs', async () => {
  const home = makeTempDir();
  writeFileSync(join(home, '.env'), 'LOG_LEVL=debug\nORCID_ACCESS_KEY=x\nVOCAB_SYNC_PROXY=y\n');
  const { stdout } = await runWords(['doctor'], { cwd: home });
  rmSync(home, { recursive: true });
  expect(stdout).toContain('warn  settings: LOG_LEVL is not a setting and is not read; did you mean "LOG_LEVEL"?');
  expect(stdout).toMatch(/^warn {2}settings: VOCAB_SYNC_PROXY is not a setting and is not read/m);
  expect(stdout).not.toContain('ORCID_ACCESS_KEY');
});
