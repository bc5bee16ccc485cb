import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { askPostgres } from '../../src/embedded/postgres-ready.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { describeWithPostgres } from '../support/postgres.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';

const isRoot = process.getuid?.() === 0;

describeWithPostgres('startEmbeddedPostgres', () => {
  const logger = silentLogger();
  const started: EmbeddedPostgres[] = [];
  const directories: string[] = [];

  function newHome(mode = 0o755): string {
    const home = makeTempDir();
    chmodSync(home, mode);
    directories.push(home);
    return join(home, 'postgres');
  }

  async function startIn(directory: string): Promise<EmbeddedPostgres> {
    const postgres = await startEmbeddedPostgres({ directory, logger, parameters: { fsync: 'off' } });
    started.push(postgres);
    return postgres;
  }

  afterEach(async () => {
    // A later server may run on the data of an earlier one: all stop before any data goes.
    const ended = started.splice(0);
    for (const postgres of ended) await postgres.stop('immediate');
    for (const postgres of ended) postgres.remove();
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
  });

  it('answers as PostgreSQL 18 with UTF-8 and sorts by code points', async () => {
    const { url } = await startIn(newHome());
    const row = await askPostgres(
      url,
      `select current_setting('server_version_num')::int / 10000 as version, current_setting('server_encoding') as encoding,
         (select string_agg(t, '' order by t) from unnest(array['b', 'Z', 'é', 'a']) t) as sorted, upper('é') as upper`,
    );
    expect(row).toEqual({ version: 18, encoding: 'UTF8', sorted: 'Zabé', upper: 'É' });
  });

  it('keeps its password readable by the owner only and refuses a wrong one', async () => {
    const directory = newHome();
    const { url } = await startIn(directory);
    expect(statSync(join(directory, 'password')).mode & 0o777).toBe(0o600);
    const wrong = new URL(url);
    wrong.password = 'guess';
    await expect(askPostgres(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/);
  });

  it.each(['fast', 'immediate'] as const)('keeps its data over a %s stop and a start', async (mode) => {
    const directory = newHome();
    const first = await startIn(directory);
    await askPostgres(first.url, 'create table kept as select 42 as answer');
    await first.stop(mode);
    await expect(askPostgres(first.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
    const second = await startIn(directory);
    expect(await askPostgres(second.url, 'select answer from kept')).toEqual({ answer: 42 });
  });

  it('takes over a live server of the same directory and can stop it', async () => {
    const directory = newHome();
    const first = await startIn(directory);
    const second = await startIn(directory);
    expect([second.pid, second.url]).toEqual([first.pid, first.url]);
    await second.stop();
    await expect(askPostgres(first.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
  });

  it('starts although a pid file names a process that is another program now', async () => {
    const directory = newHome();
    const first = await startIn(directory);
    const { data } = (await askPostgres(first.url, `select current_setting('data_directory') as data`)) as {
      data: string;
    };
    const pidFile = join(data, 'postmaster.pid');
    const lines = readFileSync(pidFile, 'utf8').split('\n');
    await first.stop();
    writeFileSync(pidFile, [String(process.pid), ...lines.slice(1)].join('\n'));
    const second = await startIn(directory);
    expect(await askPostgres(second.url, 'select 1 as one')).toEqual({ one: 1 });
  });

  it('says what is wrong and shows the log when the server cannot start', async () => {
    const directory = newHome();
    const first = await startIn(directory);
    await first.stop();
    const broken = startEmbeddedPostgres({ directory, logger, parameters: { shared_buffers: 'many' } });
    await expect(broken).rejects.toMatchObject({ code: 'E_EMBEDDED_START' });
    await expect(broken).rejects.toThrow(/exit code 1.*invalid value for parameter "shared_buffers"/s);
  });

  it('works below a directory that only its owner may enter', async () => {
    const directory = newHome(0o700);
    mkdirSync(directory, { recursive: true });
    const { url, logFile } = await startIn(directory);
    expect(await askPostgres(url, 'select 1 as one')).toEqual({ one: 1 });
    // Root starts PostgreSQL as another user, who cannot enter; an ordinary user starts it as itself.
    expect(dirname(logFile).startsWith(isRoot ? '/var/lib/vocab-sync/' : directory)).toBe(true);
  });
});
