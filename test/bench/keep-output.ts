/** Copies what the benchmark prints into a file, with the machine, so that it can be pasted into docs/benchmark.md. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';

export function keepOutput(path: string, rounds: number): void {
  const [cpu] = cpus();
  const memory = (totalmem() / 1024 ** 3).toFixed(0);
  writeFileSync(
    path,
    `## Measured on ${new Date().toISOString().slice(0, 10)}\n\n${String(cpus().length)} cores (${cpu?.model ?? 'unknown'}), ${memory} GB, ` +
      `Node ${process.versions.node}, load average ${(loadavg()[0] ?? 0).toFixed(1)} at the start, rounds: ${String(rounds)}.\n\n\`\`\`\n`,
  );
  const print = console.log.bind(console);
  console.log = (...parts: unknown[]) => {
    print(...parts);
    appendFileSync(path, `${parts.map(String).join(' ')}\n`);
  };
  process.once('exit', () => {
    appendFileSync(path, '```\n');
  });
}
