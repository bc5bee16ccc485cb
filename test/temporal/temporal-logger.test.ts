import { expect, it } from 'vitest';
import { temporalLogger } from '../../src/temporal/temporal-logger.ts';
import { silentLogger } from '../support/silent-logger.ts';

it('says once in half a minute that calls are retried, and how many lines that stands for', () => {
  const kept = silentLogger();
  let time = 0;
  const logger = temporalLogger(kept, () => time);
  for (time = 0; time <= 31_000; time += 1000) {
    logger.warn('gRPC call poll_workflow_task_queue retried 7 times');
  }
  logger.warn('something else');
  expect(kept.lines.map(({ message, fields }) => [message, fields])).toEqual([
    ['gRPC call poll_workflow_task_queue retried 7 times', { suppressed: 0 }],
    ['gRPC call poll_workflow_task_queue retried 7 times', { suppressed: 29 }],
    ['something else', {}],
  ]);
});

it.each(['Activity failed', 'Workflow failed', 'Activity cancelled'])(
  'leaves "%s" to the line that the engine writes',
  (message) => {
    const kept = silentLogger();
    const logger = temporalLogger(kept);
    logger.warn(message, { stack: 'a long one' });
    logger.warn('Workflow task failed');
    expect(kept.lines.map(({ level }) => level)).toEqual(['debug', 'warn']);
  },
);

it('keeps levels and fields, and never the token that completes a task', () => {
  const kept = silentLogger();
  const logger = temporalLogger(kept);
  logger.log('ERROR', 'Activity failed', { taskToken: 'secret', activityId: 'fetch:main' });
  logger.trace('a trace');
  expect(kept.lines).toEqual([
    { level: 'error', message: 'Activity failed', fields: { activityId: 'fetch:main' } },
    { level: 'debug', message: 'a trace', fields: {} },
  ]);
});
