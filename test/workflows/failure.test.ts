import { ActivityFailure, RetryState, TimeoutFailure, TimeoutType } from '@temporalio/common';
import { expect, it } from 'vitest';
import { toRunFailure } from '../../workflows/failure.ts';

/** As Temporal hands it to the workflow when a step has used up its week. */
function timedOut(cause?: Error): ActivityFailure {
  const text = 'activity ScheduleToClose timeout';
  const timeout = Object.assign(new TimeoutFailure(text, undefined, TimeoutType.SCHEDULE_TO_CLOSE), { cause });
  return new ActivityFailure('Activity task timed out', 'fetchSource', '3', RetryState.TIMEOUT, 'worker', timeout);
}

it('tells which step did not end in time, and what its last attempt said', () => {
  expect(toRunFailure(timedOut())).toEqual({
    code: 'E_STEP_TIMEOUT',
    message: 'The step fetchSource did not end in time (SCHEDULE_TO_CLOSE).',
  });
  expect(toRunFailure(timedOut(new Error('doi.org answers 503.'))).message).toBe(
    'The step fetchSource did not end in time (SCHEDULE_TO_CLOSE). Its last failure: doi.org answers 503.',
  );
});
