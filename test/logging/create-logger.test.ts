import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
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

  it('writes one line for each event in a terminal, without stacks', async () => {
    const module = pathToFileURL(join(import.meta.dirname, '../../src/logging/create-logger.ts')).href;
    const script = `
      const { createLogger } = await import(${JSON.stringify(module)});
      const logger = createLogger({ level: 'info', format: 'pretty', destination: 'stdout' });
      logger.info('The run\\nbegan.', { run: 'r', counts: { read: 1, texts: ['a\\nb'] } });
      logger.error('The step failed.', { error: new Error('outer\\nline', { cause: new Error('inner') }) });
    `;
    const args = ['--import', 'tsx', '--input-type=module', '-e', script];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: join(import.meta.dirname, '../..') });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('inner');
    expect(stdout).not.toContain('    at ');
  });

  it('survives values that JSON cannot hold', () => {
    const circular: Record<string, unknown> = { big: 1n };
    circular['self'] = circular;
    const { logger, read } = record();
    logger.info('odd', { circular });
    expect(read()[0]).toMatchObject({ msg: 'odd', circular: { big: '1' } });
  });
});
