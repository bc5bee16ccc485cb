import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { createLoggerOn, type LogLevel } from '../../src/logging/create-logger.ts';
import { rememberSecret } from '../../src/logging/redact.ts';

function record(level: LogLevel = 'debug') {
  const lines: string[] = [];
  const logger = createLoggerOn({ write: (line) => lines.push(line) }, level);
  return { logger, read: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('createLoggerOn', () => {
  it('writes a line of JSON with level, time, message and fields', () => {
    const { logger, read } = record();
    logger.info('Run started', { run: 'r1', counts: { read: 3 } });
    expect(read()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        run: 'r1',
        counts: { read: 3 },
        msg: 'Run started',
      },
    ]);
  });

  it('leaves out what is below its level', () => {
    const { logger, read } = record('warn');
    logger.info('quiet');
    logger.warn('loud');
    expect(read().map(({ msg }) => msg)).toEqual(['loud']);
  });

  it('takes secrets out of messages, nested fields and errors', () => {
    rememberSecret('open-sesame');
    const { logger, read } = record();
    const error = new ConfigError('E_SETTINGS_INVALID', 'cannot reach https://me:pw1234@host/', {
      cause: new Error('Authorization: Bearer abcdefghijkl'),
    });
    logger.error('with open-sesame', { error, nested: [{ url: 'http://h/?token=abc&x=1' }] });
    const [line] = read();
    expect(JSON.stringify(line)).not.toMatch(/open-sesame|pw1234|abcdefghijkl|token=abc/);
    expect(line).toMatchObject({
      msg: 'with ***',
      error: { code: 'E_SETTINGS_INVALID', message: 'cannot reach https://***@host/' },
      nested: [{ url: 'http://h/?token=***&x=1' }],
    });
  });

  it('survives values that JSON cannot hold', () => {
    const circular: Record<string, unknown> = { big: 1n };
    circular['self'] = circular;
    const { logger, read } = record();
    logger.info('odd', { circular });
    expect(read()[0]).toMatchObject({ msg: 'odd', circular: { big: '1' } });
  });
});
