/** How long commands take to start, as multiples of bare Node on the same machine in the same minute. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median, runCommand } from './measure.ts';
import { printBudget } from './print-budget.ts';
import type { BenchServers } from './servers.ts';

export interface StartUpBench {
  readonly servers: BenchServers;
  readonly cli: string;
  readonly directory: string;
  readonly rounds: number;
}

/** Bare Node needs 0.06 s on the machine for which the limits in seconds were set: 0.15, 0.25 and 0.6 s. */
const LIMITS = { help: 2.5, offline: 4.2, run: 10 };

export async function benchStartUp({ servers, cli, directory, rounds }: StartUpBench): Promise<void> {
  const job = join(directory, 'start-up.json');
  writeFileSync(join(directory, 'start-up.csv'), 'id,label\na,Alpha\nb,Beta\n');
  writeFileSync(job, JSON.stringify(smallJob(join(directory, 'start-up.csv'))));
  const commands: readonly (readonly [name: string, limit: number, words: readonly string[]])[] = [
    ['--version', LIMITS.help, ['--version']],
    ['--help', LIMITS.help, ['--help']],
    ['run --help', LIMITS.help, ['run', '--help']],
    ['check of a file', LIMITS.offline, ['check', job]],
    ['components', LIMITS.offline, ['components']],
    ['types', LIMITS.offline, ['types']],
    ['preview of a small file', LIMITS.offline, ['preview', job]],
    ['run of a known digest', LIMITS.run, ['run', job]],
  ];
  await runCommand(process.execPath, [cli, 'run', job], servers.env);
  const bare: number[] = [];
  const times = commands.map((): number[] => []);
  for (let round = 0; round < Math.max(5, rounds); round++) {
    bare.push((await runCommand(process.execPath, ['-e', '0'])).seconds);
    for (const [index, [, , words]] of commands.entries())
      times[index]?.push((await runCommand(process.execPath, [cli, ...words], servers.env)).seconds);
  }
  const node = median(bare);
  console.log(`\nStart of commands; bare node ${node.toFixed(3)} s, medians of ${String(bare.length)}`);
  for (const [index, [name, limit]] of commands.entries()) {
    const seconds = median(times[index] ?? []);
    const ratio = seconds / node;
    const shown = `${ratio.toFixed(1)} x (${seconds.toFixed(2)} s)`;
    printBudget(`${name} / bare node`, shown, `<= ${String(limit)} x`, ratio <= limit);
  }
}

function smallJob(path: string): unknown {
  return {
    id: 'start-up',
    title: 'Two terms',
    vocabulary: 'terms',
    readers: [{ type: 'file', args: { path } }, { type: 'csv' }],
    transformers: [{ type: 'map', args: { fields: { '/id': { from: '/id' }, '/name': { from: '/label' } } } }],
    writers: [{ type: 'postgres', args: { table: 'start_up' } }],
  };
}
