/** The channels that are notified of the runs of a job, and their events. The addresses of webhooks hold their credential, so they are secrets. */
import { z } from 'zod';
import { NOTICE_EVENTS, type NoticeEvent } from '../../records/outcome.ts';
import { SECRET_PATTERN } from '../effective/references.ts';

const DEFAULT_EVENTS: readonly NoticeEvent[] = ['failed', 'waiting', 'waiting_reminder', 'schedule_paused'];

const on = z
  .array(z.enum(NOTICE_EVENTS))
  .min(1)
  .default([...DEFAULT_EVENTS])
  .describe(
    'Which events are sent: the outcomes of a run, `waiting` for approval, `waiting_reminder` once a day while it waits, `rolled_back`, and `schedule_paused` after failures.',
  );

/** Does not quote the value, which may be the URL itself. */
const NOT_A_REFERENCE =
  'the address is a credential: write a reference such as {"$secret": "env:OPS_WEBHOOK"}, found something else (not shown)';

const secretUrl = z
  .strictObject({ $secret: z.string().regex(new RegExp(SECRET_PATTERN), NOT_A_REFERENCE) }, NOT_A_REFERENCE)
  .describe('Where to, as a reference such as {"$secret": "env:OPS_WEBHOOK"}: who knows the address can write there.');

const webhookSchema = z.strictObject({
  type: z
    .literal('webhook')
    .describe('A program that receives {"event", "text", "report"}, with the report of `show --json`.'),
  on,
  url: secretUrl,
});

const chatSchema = z.strictObject({
  type: z.literal('chat').describe('A chat that accepts {"text"}: Slack, Mattermost, Rocket.Chat, Google Chat.'),
  on,
  url: secretUrl,
});

const emailSchema = z.strictObject({
  type: z.literal('email').describe('People, through the mail server in VOCAB_SYNC_SMTP_URL of the worker.'),
  on,
  to: z.array(z.email('expected an e-mail address')).min(1).max(50).describe('Their addresses.'),
});

const channelSchema = z.discriminatedUnion('type', [webhookSchema, chatSchema, emailSchema]);

export type NotifyChannel = z.infer<typeof channelSchema>;

export const notifySchema = z
  .array(channelSchema)
  .max(20)
  .default([])
  .describe(
    'Who is notified of the runs of this job. A notice that cannot be delivered changes nothing in the run; `show RUN` and its log say so.',
  );
