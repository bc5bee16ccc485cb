/** Real search servers for the random kills, each started from what its operator unpacked, with its data in a new folder. */
import { spawn, type ChildProcess } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findUnusedPort } from '../support/listen-locally.ts';
import { until } from '../support/until.ts';
import { endOf, type TargetProcess } from './target-process.ts';

type RealServer = Pick<TargetProcess, 'url' | 'clear' | 'kill' | 'close'>;

export interface RealSearchProgram {
  readonly type: 'opensearch' | 'elasticsearch';
  /** Where it was unpacked. */
  readonly home: string;
}

const START_SECONDS = 180;
const HEAP = '-Xms512m -Xmx512m';

/** An index for each job, so nothing needs to be cleared. It refuses to be root, so it belongs to the owner of its folder. */
export async function openRealSearch({ type, home }: RealSearchProgram): Promise<RealServer> {
  const port = String(await findUnusedPort());
  const data = mkdtempSync(join(tmpdir(), `vocab-sync-${type}-`));
  const { uid, gid } = statSync(home);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(data, uid, gid);
  const settings = {
    'discovery.type': 'single-node',
    'http.port': port,
    'transport.port': String(await findUnusedPort()),
    'path.data': data,
    'path.logs': join(data, 'logs'),
  };
  const url = `http://127.0.0.1:${port}`;
  const start = async (): Promise<ChildProcess> => {
    const args = Object.entries(settings).map(([name, value]) => `-E${name}=${value}`);
    const child = spawn(join(home, 'bin', type), args, {
      cwd: home,
      env: { ...process.env, HOME: data, OPENSEARCH_JAVA_OPTS: HEAP, ES_JAVA_OPTS: HEAP },
      stdio: 'ignore',
      ...(isRoot ? { uid, gid } : {}),
    });
    await untilAnswers(child, `${url}/_cluster/health?wait_for_status=yellow`, home);
    return child;
  };
  let child = await start();
  return {
    url,
    clear: () => Promise.resolve(),
    async kill() {
      await endOf(child);
      child = await start();
    },
    async close() {
      await endOf(child);
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/**
 * `command` serves a Solr at the port that is its last argument, without a child process. Its collection is `vocab`, and its
 * data is in the folder that SOLR_HOME_DIR names.
 */
export async function openRealSolr(command: string): Promise<RealServer & { readonly collection: string }> {
  const [program = '', ...args] = command.split(' ');
  const collection = 'vocab';
  let port = String(await findUnusedPort());
  let data = mkdtempSync(join(tmpdir(), 'vocab-sync-solr-'));
  const url = (): string => `http://127.0.0.1:${port}/solr`;
  const start = async (): Promise<ChildProcess> => {
    const env = { ...process.env, SOLR_HOME_DIR: data };
    const child = spawn(program, [...args, port], { env, stdio: 'ignore' });
    await untilAnswers(child, `${url()}/${collection}/select?q=*:*&rows=0`, command);
    return child;
  };
  let child = await start();
  const end = async (): Promise<void> => {
    await endOf(child);
    rmSync(data, { recursive: true, force: true });
  };
  return {
    collection,
    get url() {
      return url();
    },
    // At an address that it never had: what a job published at the old one belongs to that job.
    async clear() {
      await end();
      port = String(await findUnusedPort());
      data = mkdtempSync(join(tmpdir(), 'vocab-sync-solr-'));
      child = await start();
    },
    async kill() {
      await endOf(child);
      child = await start();
    },
    close: end,
  };
}

async function untilAnswers(child: ChildProcess, url: string, name: string): Promise<void> {
  await until(
    `${name} answers`,
    async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended with ${String(child.exitCode)}`);
      const response = await fetch(url).catch(() => undefined);
      return response?.ok;
    },
    START_SECONDS,
  );
}
