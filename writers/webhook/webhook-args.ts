/** The args of the writer `webhook`. */
import { z } from 'zod';

export const webhookArgs = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'expected an http(s) address' })
    .describe('Where changes are posted. It names the target, so it must not hold a credential.'),
  secret: z
    .string()
    .min(1)
    .describe(
      'The key of the signature, by reference: `{"$secret": "env:PORTAL_WEBHOOK_SECRET"}`. `whsec_` and base64, as Standard Webhooks writes it, or any other text.',
    ),
  headers: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      'Sent with each request. A credential is a reference: `{"Authorization": {"$secret": "env:PORTAL_AUTHORIZATION"}}`.',
    ),
  before: z
    .boolean()
    .default(false)
    .describe('Whether a change also holds the record as it was last published, as `before`.'),
  on_missing: z
    .enum(['keep', 'withdraw'])
    .default('keep')
    .describe(
      'What happens to a record that a complete read of the source no longer holds: `withdraw` sends a change of the kind `withdraw`, `keep` sends nothing.',
    ),
  on_conflict: z
    .enum(['keep', 'overwrite'])
    .default('keep')
    .describe('Sent with each change: whether the receiver should overwrite a record that someone else changed.'),
  batch: z.int().min(1).max(500).default(100).describe('The most changes in one request.'),
  batch_bytes: z
    .int()
    .min(10_000)
    .max(64 * 1024 * 1024)
    .default(1024 * 1024)
    .describe('The most bytes of records in one request. A single record may be larger.'),
  concurrency: z
    .int()
    .min(1)
    .max(16)
    .default(2)
    .describe('How many requests are in progress together. Two of them never hold the same id.'),
  requests_per_second: z.number().min(0.01).max(10_000).optional().describe('The most requests in a second.'),
  timeout_seconds: z.int().min(1).max(600).default(30).describe('The timeout of one request.'),
});

export type WebhookArgs = z.infer<typeof webhookArgs>;
