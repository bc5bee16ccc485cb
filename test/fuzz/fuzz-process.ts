/** Runs one format in its own process, chunk by chunk, and reports to its parent after each. */
import { FORMATS, type FuzzReport } from './formats.ts';
import { FuzzFailure } from './fuzz-chain.ts';

export type ChunkMessage =
  | { readonly inputs: number; readonly report: FuzzReport; readonly megabytes: number }
  /** `input` in base64, where it is known which one it was. */
  | { readonly failed: string; readonly seed: number; readonly count: number; readonly input?: string };

const [format = '', count, seed, chunk] = process.argv.slice(2);
const fuzz = FORMATS[format];
if (fuzz === undefined) throw new Error(`no format ${format}`);

for (let done = 0; done < Number(count); done += Number(chunk)) {
  const inputs = Math.min(Number(chunk), Number(count) - done);
  const own = Number(seed) + done;
  try {
    const report = await fuzz(inputs, own);
    await tell({ inputs, report, megabytes: Math.round(process.memoryUsage.rss() / 1024 ** 2) });
  } catch (error) {
    const failed = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const known = error instanceof FuzzFailure ? error : undefined;
    await tell(
      known === undefined
        ? { failed, seed: own, count: inputs }
        : { failed, seed: known.seed, count: 1, input: known.input.toString('base64') },
    );
    process.exit(1);
  }
}
process.disconnect();

function tell(message: ChunkMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, undefined, undefined, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
