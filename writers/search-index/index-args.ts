/** The args that the writers `opensearch` and `elasticsearch` share. */
import { z } from 'zod';

const BATCH_BYTES = 5 * 1024 * 1024;

const fields = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'expected an http(s) address, such as https://search.example.org:9200' })
    .describe(
      'The address of the server, such as `https://search.example.org:9200`. It names the target, so it must not hold a credential.',
    ),
  index: z
    .string()
    .max(255)
    .regex(
      /^[^A-Z\\/*?"<>|\s,#:_+.-][^A-Z\\/*?"<>|\s,#:]*$/,
      'expected the name of an index in lower case, such as affiliations',
    )
    .describe('The index, or an alias of exactly one index.'),
  username: z.string().min(1).optional().describe('For basic authentication, with `password`.'),
  password: z.string().min(1).optional().describe('By reference: `{"$secret": "env:SEARCH_PASSWORD"}`.'),
  api_key: z
    .string()
    .min(1)
    .optional()
    .describe(
      'An API key in its encoded form, by reference: `{"$secret": "env:SEARCH_API_KEY"}`. Sent as `Authorization: ApiKey`.',
    ),
  headers: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      'Sent with each request. A credential is a reference: `{"Authorization": {"$secret": "env:SEARCH_AUTHORIZATION"}}`.',
    ),
  on_missing_index: z
    .enum(['create', 'fail'])
    .default('create')
    .describe(
      'What happens if the index does not exist: `create` creates it with `settings` and `mappings` before the first record is sent, `fail` ends the run.',
    ),
  settings: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('The settings of an index that is created, such as `{"number_of_replicas": 0}`.'),
  mappings: z
    .record(z.string(), z.unknown())
    .default({ properties: { id: { type: 'keyword' } } })
    .describe(
      'The mappings of an index that is created. Fields that are not listed are mapped by the server. An index that exists keeps its mappings.',
    ),
  on_missing: z
    .enum(['keep', 'withdraw'])
    .default('keep')
    .describe(
      'What happens to a record that a complete read of the source no longer holds: `keep` leaves it, `withdraw` deletes its document, or marks it if `withdrawn_field` is set.',
    ),
  withdrawn_field: z
    .string()
    .regex(/^[^_.][^.]*$/, 'expected the name of a field, such as withdrawn')
    .optional()
    .describe(
      'A withdrawn record stays in the index with this field set to `true`, so that a query can exclude it. The mapping of the field should be `boolean`.',
    ),
  on_conflict: z
    .enum(['keep', 'overwrite'])
    .default('keep')
    .describe(
      'What happens to a document that another client created, or changed since it was published: `keep` leaves and reports it, `overwrite` replaces it.',
    ),
  refresh: z
    .enum(['end', 'batch', 'never'])
    .default('end')
    .describe(
      'When changes become visible to searches: `end` refreshes the index after the last change, `batch` waits for a refresh after each batch and is slower, `never` leaves it to `refresh_interval` of the index.',
    ),
  batch: z.int().min(1).max(500).default(250).describe('The most changes in one bulk request.'),
  batch_bytes: z
    .int()
    .min(10_000)
    .max(64 * 1024 * 1024)
    .default(BATCH_BYTES)
    .describe(
      'The most bytes of records in one bulk request. A server that answers 413 gets smaller ones, whatever is set here.',
    ),
  concurrency: z.int().min(1).max(16).default(2).describe('How many bulk requests are in progress together.'),
  requests_per_second: z.number().min(0.01).max(10_000).optional().describe('The most requests in a second.'),
  timeout_seconds: z.int().min(1).max(600).default(60).describe('The timeout of one request.'),
});

export const indexArgs = fields.superRefine((args, context) => {
  if ((args.username === undefined) !== (args.password === undefined)) {
    context.addIssue({ code: 'custom', path: ['password'], message: 'expected "username" and "password" together' });
  }
  const authorization = Object.keys(args.headers).some((name) => name.toLowerCase() === 'authorization');
  const ways = [args.username !== undefined, args.api_key !== undefined, authorization].filter(Boolean).length;
  if (ways > 1) {
    context.addIssue({
      code: 'custom',
      path: ['api_key'],
      message: 'expected only one of "username", "api_key" and an Authorization header',
    });
  }
});

export type IndexArgs = z.infer<typeof fields>;

/** Host, port, path and index: `http` and `https` of one server are one target. */
export function placeOf({ url, index }: Pick<IndexArgs, 'url' | 'index'>): string {
  if (!URL.canParse(url)) return `${url}/${index}`;
  const { host, pathname } = new URL(url);
  return `${host}${pathname.replace(/\/+$/, '')}/${index}`;
}
