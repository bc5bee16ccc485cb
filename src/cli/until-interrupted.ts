/** Waits for Ctrl-C or SIGTERM. Rejects if the given promise rejects first. */
import type { Terminal } from './terminal.ts';

export async function untilInterrupted(terminal: Terminal, beside: Promise<void>): Promise<void> {
  let quiet = (): void => undefined;
  const interrupted = new Promise<void>((resolve) => {
    quiet = terminal.onInterrupt(() => {
      resolve();
    });
  });
  try {
    await Promise.race([interrupted, beside]);
  } finally {
    quiet();
  }
}
