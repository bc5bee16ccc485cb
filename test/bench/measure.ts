/** Measuring whole processes and steps: medians of paired runs, peak memory as the kernel accounts it. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

export interface Finished {
  readonly seconds: number;
  readonly stdout: string;
  /** The highest resident size that was seen; polled, so a short peak can be missed by some MB. */
  readonly peakMegabytes: number;
}

/** Runs a command to its end. Throws when it fails. */
export async function runCommand(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  input?: string,
): Promise<Finished> {
  const started = performance.now();
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
  // A command that does not read its input may end before all of it is written.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  let peak = 0;
  const poll = setInterval(() => {
    if (child.pid !== undefined) peak = Math.max(peak, readPeakMegabytes(child.pid));
  }, 20);
  // Kept short: whoever prints a whole dump is only asked for its time.
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (stdout.length < 1 << 20) stdout += chunk.toString('utf8');
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearInterval(poll);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${String(code)}: ${stdout.slice(-2000)}`);
  return { seconds: (performance.now() - started) / 1000, stdout, peakMegabytes: peak };
}

/** VmHWM of a process of this machine; 0 where /proc has none. */
export function readPeakMegabytes(pid: number): number {
  try {
    const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
    return Number(match?.[1] ?? '0') / 1024;
  } catch {
    return 0;
  }
}

/** Forgets the peak so far. */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${String(pid)}/clear_refs`, '5');
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
