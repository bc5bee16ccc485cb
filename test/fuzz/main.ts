/**
 * `npm run fuzz -- [--format NAME,NAME] [--count 100000] [--seed N] [--out DIR]`: damaged inputs through every format. Each
 * format works in a process of its own, which is ended when it stands still or takes too much memory; the inputs come in
 * chunks, each with a seed, so that what failed can be run again by itself.
 */
import { fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FORMATS } from './formats.ts';
import type { ChunkMessage } from './fuzz-process.ts';

/** Inputs with one seed. */
const CHUNK = 250;
/** For a chunk that takes some seconds, on a machine that may be busy with other things. */
const MOST_SECONDS = 600;
const MOST_MEGABYTES = 1024;
/** Inputs between two lines of progress. */
const SHOWN_EVERY = 10_000;

const { values } = parseArgs({
  options: {
    format: { type: 'string', default: Object.keys(FORMATS).join(',') },
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    out: { type: 'string', default: join(tmpdir(), 'vocab-sync-fuzz') },
  },
});

const [count, seed] = [Number(values.count), Number(values.seed)];
const formats = values.format.split(',');
const unknown = formats.filter((format) => !Object.hasOwn(FORMATS, format));
if (unknown.length > 0 || !Number.isSafeInteger(count) || !Number.isSafeInteger(seed)) {
  console.error(`Expected --count and --seed as numbers and --format as some of ${Object.keys(FORMATS).join(',')}.`);
  process.exit(2);
}
console.log(`seed ${String(seed)}, ${String(count)} inputs for each format`);
for (const format of formats) if (!(await fuzzInProcess(format))) process.exitCode = 1;

function fuzzInProcess(format: string): Promise<boolean> {
  const started = Date.now();
  const totals = new Map<string, number>();
  let done = 0;
  let peak = 0;
  const child = fork(
    join(import.meta.dirname, 'fuzz-process.ts'),
    [format, String(count), String(seed), String(CHUNK)],
    {
      execArgv: [...process.execArgv, `--max-old-space-size=${String(MOST_MEGABYTES / 2)}`],
    },
  );
  return new Promise((resolve) => {
    let failure: string | undefined;
    const chunkSeed = (): number => seed + done;
    const giveUp = (reason: string): void => {
      failure ??= `${reason}; again with --format ${format} --seed ${String(chunkSeed())} --count ${String(CHUNK)}`;
      child.kill('SIGKILL');
    };
    const watch = (): NodeJS.Timeout =>
      setTimeout(() => {
        giveUp(`a chunk did not end within ${String(MOST_SECONDS)} s`);
      }, MOST_SECONDS * 1000);
    let clock = watch();
    child.on('message', (message: ChunkMessage) => {
      clearTimeout(clock);
      clock = watch();
      if ('failed' in message) {
        failure = `${message.failed}; again with --format ${format} --seed ${String(message.seed)} --count ${String(message.count)}`;
        if (message.input !== undefined) failure += `; the input is ${keep(format, message.seed, message.input)}`;
        return;
      }
      done += message.inputs;
      peak = Math.max(peak, message.megabytes);
      if (done % SHOWN_EVERY < message.inputs && done < count)
        console.error(`${format.padEnd(9)} ${String(done)} inputs so far`);
      for (const [name, n] of Object.entries(message.report)) totals.set(name, (totals.get(name) ?? 0) + n);
      if (message.megabytes > MOST_MEGABYTES) giveUp(`it took ${String(message.megabytes)} MB`);
    });
    child.on('exit', (code) => {
      clearTimeout(clock);
      if (failure === undefined && (code !== 0 || done < count)) giveUp(`the process ended with ${String(code)}`);
      const seconds = ((Date.now() - started) / 1000).toFixed(0);
      const sums = [...totals].map(([name, n]) => `${String(n)} ${name}`).join(', ');
      console.log(`${format.padEnd(9)} ${String(done)} inputs: ${sums}; ${seconds} s, peak ${String(peak)} MB`);
      if (failure !== undefined) console.error(`${format.padEnd(9)} FAILED: ${failure}`);
      resolve(failure === undefined);
    });
  });
}

function keep(format: string, ofSeed: number, input: string): string {
  mkdirSync(values.out, { recursive: true });
  const path = join(values.out, `${format}-${String(ofSeed)}.bin`);
  writeFileSync(path, Buffer.from(input, 'base64'));
  return path;
}
