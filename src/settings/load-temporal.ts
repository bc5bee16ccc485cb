/** The settings of the connection to Temporal, as its own library reads them. */
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { messageOf } from '../errors.ts';
import { SmallFileError, readSmallFileSync } from '../read-small-file.ts';

const MOST_SETTINGS_BYTES = 1024 ** 2;

/** The library reads these files itself and would wait for the writer of a FIFO. */
const TEMPORAL_FILE = /^TEMPORAL_(?:CONFIG_FILE|TLS_\w+_PATH)$/;

function requireSmallFiles(values: ReadonlyMap<string, string>): void {
  for (const [name, path] of values) {
    if (!TEMPORAL_FILE.test(name)) continue;
    try {
      readSmallFileSync(path, MOST_SETTINGS_BYTES);
    } catch (error) {
      if (!(error instanceof SmallFileError)) continue;
      throw new Error(`${name} names ${path}, but ${error.message}`, { cause: error });
    }
  }
}

/** Returns the error where the settings cannot be used. */
export function loadTemporal(values: ReadonlyMap<string, string>): ReturnType<typeof loadClientConnectConfig> | Error {
  try {
    requireSmallFiles(values);
    return loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(values), configFileStrict: true });
  } catch (error) {
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}
