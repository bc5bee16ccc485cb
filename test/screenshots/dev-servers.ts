/** `vocab-sync dev` in its own home, and the command line next to it, as an operator has them. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';

const MAIN = join(findPackageRoot(), 'dist', 'src', 'cli', 'main.js');

export interface DevServers {
  readonly directory: string;
  readonly webUi: string;
  readonly databaseUrl: string;
  /** Runs a command to its end and parses what it prints with --json, whatever its exit code. */
  command(...args: readonly string[]): Promise<RunFacts>;
  stop(): Promise<void>;
}

export interface RunFacts {
  readonly run: string;
  readonly workflow_id: string;
  readonly outcome: string | null;
  readonly phase: string;
}

export async function startDevServers(): Promise<DevServers> {
  const directory = makeTempDir('vocab-sync-screenshots-');
  const dev = spawn(process.execPath, [MAIN, 'dev'], { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const chunk of dev.stdout.setEncoding('utf8') as AsyncIterable<string>) {
    said += chunk;
    if (said.includes('Ready.')) break;
  }
  const webUi = /^Web UI +(\S+)$/m.exec(said)?.[1];
  if (webUi === undefined) throw new Error(`Expected \`vocab-sync dev\` to become ready, found: ${said}`);
  const shared = readFileSync(join(directory, '.vocab-sync', 'servers', 'database.json'), 'utf8');
  return {
    directory,
    webUi,
    databaseUrl: (JSON.parse(shared) as { details: { url: string } }).details.url,
    command: (...args) => runCommand(directory, args),
    async stop() {
      const ended = once(dev, 'exit');
      dev.kill('SIGTERM');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function runCommand(directory: string, args: readonly string[]): Promise<RunFacts> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [MAIN, ...args, '--json'], { cwd: directory }, (_exit, stdout, stderr) => {
      try {
        const facts = JSON.parse(stdout) as RunFacts;
        if (typeof facts.run !== 'string') throw new Error(stdout);
        resolve(facts);
      } catch (cause) {
        reject(new Error(`vocab-sync ${args.join(' ')} said no JSON of a run: ${stdout}${stderr}`, { cause }));
      }
    });
  });
}
