/** Temporal's own log lines in our log. */
import type { LogLevel, LogMetadata, Logger as SdkLogger } from '@temporalio/common';
import type { Logger } from '../component/services.ts';

/** A server that is away for half a minute makes over a hundred such lines; one in this time says the same. */
const QUIET_MILLISECONDS = 30_000;
const STEP_OR_RUN_FAILED = /^(?:Activity|Workflow) (?:failed|cancelled|completed as cancelled)/;
const RETRIED_CALL = /^gRPC call .* retried/;

export function temporalLogger(logger: Logger, now: () => number = Date.now): SdkLogger {
  let spokeAt = -Infinity;
  let suppressed = 0;
  const log = (level: LogLevel, message: string, meta?: LogMetadata): void => {
    let fields = fieldsOf(meta);
    if (RETRIED_CALL.test(message)) {
      if (now() - spokeAt < QUIET_MILLISECONDS) {
        suppressed += 1;
        return;
      }
      fields = { ...fields, suppressed };
      spokeAt = now();
      suppressed = 0;
    }
    write(logger, level, message, fields);
  };
  return {
    log,
    trace: (message, meta) => {
      log('TRACE', message, meta);
    },
    debug: (message, meta) => {
      log('DEBUG', message, meta);
    },
    info: (message, meta) => {
      log('INFO', message, meta);
    },
    warn: (message, meta) => {
      log('WARN', message, meta);
    },
    error: (message, meta) => {
      log('ERROR', message, meta);
    },
  };
}

function write(logger: Logger, level: LogLevel, message: string, fields: Record<string, unknown>): void {
  switch (level) {
    case 'TRACE':
    case 'DEBUG':
    // The life cycle of the SDK. The worker logs its own.
    case 'INFO':
      logger.debug(message, fields);
      return;
    case 'WARN':
      // The engine reports a failed step or run in one line, with its code; these lines repeat it with a stack.
      if (STEP_OR_RUN_FAILED.test(message)) logger.debug(message, fields);
      else logger.warn(message, fields);
      return;
    case 'ERROR':
      logger.error(message, fields);
  }
}

/** Omits the task token, because anyone who reads it in the log could complete the task. */
function fieldsOf(meta: LogMetadata | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(meta ?? {}).filter(([name]) => name !== 'taskToken'));
}
