/**
 * The budget of `map` with queries: the same records through the same JMESPath expressions, once by `map`, once by a
 * bare loop with the same library, and once by the jmespath of Python, each in its own process.
 */
import { fileURLToPath } from 'node:url';
import { median, runCommand } from './measure.ts';
import type { Peers, PeerTimes } from './peers.ts';
import { printBudget, printPeer } from './print-budget.ts';

export interface MapRoad {
  readonly rounds: number;
  readonly peers: Peers | undefined;
  readonly records: number;
}

const LOOP = fileURLToPath(new URL('map-loop.ts', import.meta.url));

interface Measured {
  readonly seconds: number;
  readonly megabytes: number;
  readonly characters: number;
}

export async function benchMap({ rounds, peers, records }: MapRoad): Promise<void> {
  const times = new Map<string, Measured[]>([
    ['bare', []],
    ['queries', []],
    ['pointers', []],
    ['steps', []],
  ]);
  const theirs: PeerTimes[] = [];
  const { stdout: given } = await runCommand(process.execPath, ['--import', 'tsx', LOOP, 'given', '1000']);
  for (let round = 0; round < rounds; round++) {
    for (const [mode, measured] of times) {
      const { stdout } = await runCommand(process.execPath, ['--import', 'tsx', LOOP, mode, String(records)]);
      measured.push(JSON.parse(stdout) as Measured);
    }
    const other = await peers?.run('jmespath', [String(records)], given);
    if (other !== undefined) theirs.push(other);
  }
  const of = (mode: string): readonly Measured[] => times.get(mode) ?? [];
  const characters = new Set([...of('bare'), ...of('queries')].map((measured) => measured.characters));
  if (characters.size !== 1) throw new Error(`map and the bare loop made other records: ${[...characters].join(', ')}`);
  const rate = (mode: string): number => records / median(of(mode).map(({ seconds }) => seconds));
  const peak = (mode: string): number => Math.max(...of(mode).map(({ megabytes }) => megabytes));
  const [bare, queries] = [rate('bare'), rate('queries')];
  console.log(
    `\nmap: ${String(records)} records, 6 queries each, median of ${String(rounds)}\n` +
      `  bare loop ${bare.toFixed(0)} records/s, ${peak('bare').toFixed(0)} MB; map with queries ${queries.toFixed(0)} records/s, ${peak('queries').toFixed(0)} MB\n` +
      `  map with pointers ${rate('pointers').toFixed(0)} records/s; with languages and conversions ${rate('steps').toFixed(0)} records/s`,
  );
  printBudget('queries / bare loop', `${(queries / bare).toFixed(2)} x`, '>= 0.7 x', queries >= 0.7 * bare);
  const memory = peak('queries') / peak('bare');
  printBudget('memory of queries / bare loop', `${memory.toFixed(2)} x`, '<= 1.3 x', memory <= 1.3);
  if (theirs.length === 0) return;
  const python = records / median(theirs.map(({ seconds }) => seconds));
  printPeer('queries / jmespath of Python', queries / python, `${python.toFixed(0)} records/s`);
  const megabytes = Math.max(...theirs.map((one) => one.megabytes));
  printPeer('memory / jmespath of Python', peak('queries') / megabytes, `${megabytes.toFixed(0)} MB`);
}
