/** A worker keeps its spool within the limits of the settings: when it starts, and once an hour. */
import type { Logger } from '../../component/services.ts';
import { goBack } from '../../job/effective/since.ts';
import { listFilesInUse } from '../../postgres/ledger/prune.ts';
import type { Pool } from '../../postgres/pool.ts';
import type { Settings } from '../../settings.ts';
import { pruneSpool } from '../../spool/prune-spool.ts';

const INTERVAL_MS = 3_600_000;

export interface SpoolCleaner {
  /** Waits for the cleaning that is at work. */
  stop(): Promise<void>;
}

/** A failure is logged and tried again an hour later: nothing depends on it but space. */
export function cleanSpool(
  { spool, spoolMaxAge, spoolMaxBytes }: Pick<Settings, 'spool' | 'spoolMaxAge' | 'spoolMaxBytes'>,
  pool: Pool,
  logger: Logger,
): SpoolCleaner {
  const clean = async (): Promise<void> => {
    try {
      const inUse = await listFilesInUse(pool);
      const before = goBack(new Date(), spoolMaxAge);
      const { files, bytes } = await pruneSpool(spool, { before, mostBytes: spoolMaxBytes, inUse }, false);
      if (files > 0) logger.info('Old files of the spool were removed.', { spool, files, bytes });
    } catch (error) {
      logger.warn('The spool could not be cleaned; it is tried again in an hour.', { spool, error });
    }
  };
  let current = clean();
  const timer = setInterval(() => {
    current = current.then(clean);
  }, INTERVAL_MS);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await current;
    },
  };
}
