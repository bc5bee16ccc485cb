/** The args of the writer `rest`: how each kind of change becomes a request, and what the answers mean. */
import { z } from 'zod';
import { parseTemplate } from '../../src/job/parse-template.ts';

const TEMPLATE =
  'A JSON pointer in braces is replaced by a value of the record, `{/id}`, or by one that the target returned earlier, `{remote/uuid}`.';

const path = z
  .string()
  .superRefine((text, context) => {
    const { fault } = parseTemplate(asPointers(text));
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  })
  .describe(`Added to \`url\`. ${TEMPLATE} Values are escaped for a URL.`);

/** `{remote/uuid}` reads as the pointer `/remote/uuid` into what was kept, `{/id}` as `/record/id`. */
export function asPointers(text: string): string {
  return text.replaceAll(/(\{\{|\}\})|\{remote(\/[^{}]*)\}|\{(\/[^{}]*)\}/g, (all, braces, remote, record) => {
    if (braces !== undefined) return all;
    return remote === undefined ? `{/record${String(record)}}` : `{/remote${String(remote)}}`;
  });
}

const request = z.strictObject({
  method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE']).describe('The method of the request.'),
  path,
  body: z
    .unknown()
    .optional()
    .describe(
      `What is sent, as JSON. ${TEMPLATE} A text that consists of one such pointer becomes the value itself. A key whose value is missing is omitted. By default the whole record is sent, and nothing with DELETE.`,
    ),
});

const statuses = z.array(z.number().int().min(200).max(599));

export const restArgs = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'expected an http(s) address' })
      .describe('Where the interface is. It names the target, so it must not hold a credential.'),
    headers: z
      .record(z.string(), z.string())
      .default({})
      .describe(
        'Sent with each request. A credential is a reference: `{"Authorization": {"$secret": "env:TARGET_AUTHORIZATION"}}`.',
      ),
    create: request.optional().describe('For a record that the target does not hold. Default: `update`.'),
    update: request.describe('For a record that it holds.'),
    remove: request
      .optional()
      .describe('For a record that the source no longer holds. `on_missing: withdraw` needs it.'),
    look: z
      .strictObject({
        path,
        found: z
          .string()
          .regex(/^(\/.*)?$/, 'expected a JSON pointer such as /hits/0, or the empty text for the whole answer')
          .default('')
          .describe(
            'The JSON pointer to the record in the response. If there is no value, the target does not have the record.',
          ),
      })
      .optional()
      .describe(
        'How a record is looked up by GET if it is unknown whether a request arrived. Without it, such a request is sent again, so it must be harmless to repeat `create`.',
      ),
    remote: z
      .record(z.string(), z.string().regex(/^\/.+/, 'expected a JSON pointer such as /uuid'))
      .default({})
      .describe(
        'The values to store from a response, such as an id that the target assigns: names with JSON pointers into the response.',
      ),
    if_match: z
      .enum(['quoted', 'bare'])
      .optional()
      .describe(
        'Whether an update and a removal send the ETag of the last response, so that an edit by someone else is noticed (412). `bare` sends it without quotes and without W/.',
      ),
    answers: z
      .strictObject({
        done: statuses.default([200, 201, 202, 204]).describe('The change is made.'),
        gone: statuses.default([404, 410]).describe('With `look` and `remove`: the target does not hold the record.'),
        conflict: statuses.default([409, 412]).describe('Another client created or edited the record.'),
        again: statuses
          .default([408, 423, 425, 429, 500, 502, 503, 504])
          .describe('To be tried again. The change may have been made.'),
        forbidden: statuses
          .default([401, 403, 405, 406, 415])
          .describe('The same will be said to every request: publishing into this target ends.'),
      })
      .prefault({})
      .describe(
        'The meaning of the statuses. With any other status, the record is rejected with the text of the response.',
      ),
    concurrency: z.number().int().min(1).max(32).default(4).describe('The maximum number of concurrent requests.'),
    requests_per_second: z
      .number()
      .min(0.01)
      .max(10_000)
      .optional()
      .describe('The maximum number of requests in a second, including look-ups. By default there is no limit.'),
    timeout_seconds: z.number().int().min(1).max(600).default(60).describe('For one request.'),
    on_missing: z
      .enum(['keep', 'withdraw'])
      .default('keep')
      .describe('What happens to a record that the source no longer holds: `withdraw` sends `remove`, `keep` nothing.'),
    on_conflict: z
      .enum(['keep', 'overwrite'])
      .default('keep')
      .describe(
        'What happens to a record that someone else edited: `keep` keeps and counts it, `overwrite` overwrites it.',
      ),
  })
  .superRefine(({ on_missing: onMissing, remove }, context) => {
    if (onMissing === 'withdraw' && remove === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['remove'],
        message: 'expected "remove" with the request that removes a record, because "on_missing" is "withdraw"',
      });
    }
  });

export type RestArgs = z.infer<typeof restArgs>;
export type RestRequest = z.infer<typeof request>;
