/**
 * A second thread in a step process. It notices events that a blocked event loop cannot: that the worker has exited,
 * and that the process uses too much memory, including buffers. It then ends the process with SIGKILL, which nothing
 * can delay.
 */
import { Worker } from 'node:worker_threads';
import { MEMORY_MARK, type MemoryLimits } from './messages.ts';

/** Milliseconds. A loop that fills buffers takes some 50 MB in this time. */
const INTERVAL = 25;

/** A program of its own in a text: it loads nothing, so that the thread costs 5 MB. */
const PROGRAM = `
const { workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const end = () => process.kill(process.pid, 'SIGKILL');
setInterval(() => {
  if (process.ppid !== workerData.parent) end();
  const held = process.memoryUsage.rss();
  if (held <= workerData.mostBytes) return;
  try {
    writeSync(2, workerData.mark + String(held) + '\\n');
  } finally {
    end();
  }
}, workerData.interval);
`;

export function watchProcess({ mostBytes }: MemoryLimits): void {
  const watch = new Worker(PROGRAM, {
    eval: true,
    // The flags of the process, such as those of a loader, are not for this program.
    execArgv: [],
    workerData: { parent: process.ppid, mostBytes, mark: MEMORY_MARK, interval: INTERVAL },
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  });
  watch.unref();
}
