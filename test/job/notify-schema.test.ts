/** What `check` reports about the channels that a job notifies. */
import { expect, it } from 'vitest';
import { check as checkText, GOOD } from './check-text.ts';

const url = { $secret: 'env:OPS_WEBHOOK' };

async function check(notify: unknown) {
  const { job, problems } = await checkText({ ...GOOD, notify });
  return { job, messages: problems.map(({ pointer, message }) => `${pointer}: ${message}`) };
}

it('accepts the three kinds of channel; without `on` it sends the events that need a person', async () => {
  const { job, messages } = await check([
    { type: 'webhook', url, on: ['success', 'partial'] },
    { type: 'chat', url: { $secret: 'file:/run/secrets/chat' } },
    { type: 'email', to: ['ops@example.org'], on: ['failed'] },
  ]);
  expect(messages).toEqual([]);
  expect(job?.notify.map(({ on }) => on)).toEqual([
    ['success', 'partial'],
    ['failed', 'waiting', 'waiting_reminder', 'schedule_paused'],
    ['failed'],
  ]);
});

it.each([
  [
    'an address in place of a reference, without showing it',
    [{ type: 'chat', url: 'https://hooks.example.org/T0/very-secret' }],
    '/notify/0/url: the address is a credential: write a reference such as {"$secret": "env:OPS_WEBHOOK"}, found something else (not shown)',
  ],
  [
    'an event that there is not',
    [{ type: 'chat', url, on: ['failure'] }],
    '/notify/0/on/0: expected one of "success", "partial", "failed", "cancelled", "unchanged", "discarded", "skipped", "waiting", "waiting_reminder", "rolled_back", "schedule_paused", found the text "failure"',
  ],
  [
    'a kind that there is not',
    [{ type: 'mail', to: ['ops@example.org'] }],
    '/notify/0/type: expected one of "webhook", "chat", "email", found the text "mail"; did you mean "email"?',
  ],
  ['nobody', [{ type: 'email', to: [] }], '/notify/0/to: expected a list of at least 1 item, found an empty list'],
  [
    'what is no address',
    [{ type: 'email', to: ['ops at example'] }],
    '/notify/0/to/0: expected an e-mail address, found the text "ops at example"',
  ],
])('refuses %s', async (_what, notify, message) => {
  const { job, messages } = await check(notify);
  expect(job).toBeUndefined();
  expect(messages).toEqual([message]);
  expect(messages.join()).not.toContain('very-secret');
});

it('warns of a channel that can be told of nothing', async () => {
  const { messages } = await check([{ type: 'chat', url, on: ['schedule_paused'] }]);
  expect(messages).toEqual([
    '/notify/0/on: has no effect: without "pause_after_failures" the schedule is never paused',
  ]);
});
