import type { Logger } from '../../src/component/services.ts';

export interface LogLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: Record<string, unknown> | undefined;
}

/** Prints nothing and keeps what was logged. */
export function silentLogger(): Logger & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const take = (level: keyof Logger) => (message: string, fields?: Record<string, unknown>) => {
    lines.push({ level, message, fields });
  };
  return { debug: take('debug'), info: take('info'), warn: take('warn'), error: take('error'), lines };
}
