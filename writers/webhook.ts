import { defineWriter } from '../src/component/writer.ts';
import { keyOf, openWebhookSink } from './webhook/open-webhook-sink.ts';
import { webhookArgs, type WebhookArgs } from './webhook/webhook-args.ts';

const targetName = ({ url }: Pick<WebhookArgs, 'url'>): string => `webhook:${url}`;

export const webhook = defineWriter<WebhookArgs>({
  type: 'webhook',
  version: 1,
  receives: 'changes',
  summary: 'Posts signed batches of changes to your own receiver.',
  description: `Signed as [Standard Webhooks](https://www.standardwebhooks.com) describes: \`webhook-id\`, \`webhook-timestamp\` and \`webhook-signature\` (HMAC-SHA256). Any 2xx status means
that all changes of the batch are done, unless the body has a result for each change. A change can arrive twice, with the same \`key\`. 408, 409, 425, 429, 5xx and timeouts are tried again, after
\`Retry-After\` if the answer has it. Redirects are not followed. [The page of the writer](../destinations/webhook.md) shows a receiver.`,
  args: webhookArgs,
  examples: [
    {
      title: 'Changes of affiliations, withdrawals included',
      args: {
        url: 'https://portal.example.org/hooks/affiliations',
        secret: { $secret: 'env:PORTAL_WEBHOOK_SECRET' },
        on_missing: 'withdraw',
      },
    },
  ],
  targetName,
  onMissing: ({ on_missing: onMissing }) => onMissing,
  onConflict: ({ on_conflict: onConflict }) => onConflict,
  limits: ({ batch, batch_bytes: batchBytes, concurrency, requests_per_second: perSecond }) => ({
    ...{ batch, batchBytes, concurrency },
    ...(perSecond === undefined ? {} : { requestsPerSecond: perSecond }),
  }),
  preflight: ({ secret }) => {
    keyOf(secret);
    return Promise.resolve();
  },
  open: (args, context) => Promise.resolve(openWebhookSink(args, context, targetName(args))),
});
