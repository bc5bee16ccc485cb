/** The args of the writer `solr`. */
import { z } from 'zod';

const fieldName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_.]*$/, 'expected the name of a field, such as title_en')
  .refine((name) => name !== '_version_', '"_version_" is set by Solr');

const fields = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'expected an http(s) address, such as https://search.example.org:8983/solr' })
    .describe(
      'The address of Solr, such as `https://search.example.org:8983/solr`. It names the target, so it must not hold a credential.',
    ),
  collection: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'expected the name of a collection or core, such as affiliations')
    .describe('The collection or core. It must exist, with an update log and the field `_version_`, as Solr ships it.'),
  username: z.string().min(1).optional().describe('For basic authentication, with `password`.'),
  password: z.string().min(1).optional().describe('By reference: `{"$secret": "env:SOLR_PASSWORD"}`.'),
  headers: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      'Sent with each request. A credential is a reference: `{"Authorization": {"$secret": "env:SOLR_TOKEN"}}`.',
    ),
  fields: z
    .record(fieldName, z.string().regex(/^\/.+/, 'expected a JSON pointer such as /title/en'))
    .optional()
    .describe(
      'The fields of a document, with JSON pointers into the record. Without it every value becomes a field: the names of nested members are joined by `_`, so `/title/en` is the field `title_en`.',
    ),
  id_field: fieldName.default('id').describe('The unique key of the schema, a string.'),
  digest_field: fieldName
    .default('vocab_sync_digest_s')
    .describe(
      'A stored string field for a digest of the document. It shows after a lost connection whether the document arrived. The default fits the dynamic field `*_s` of the schemas that Solr ships.',
    ),
  on_missing: z
    .enum(['keep', 'withdraw'])
    .default('keep')
    .describe(
      'What happens to a record that a complete read of the source no longer holds: `keep` leaves it, `withdraw` deletes its document, or marks it if `withdrawn_field` is set.',
    ),
  withdrawn_field: fieldName
    .optional()
    .describe('A withdrawn record stays in the collection with this field set to `true`, such as `withdrawn_b`.'),
  on_conflict: z
    .enum(['keep', 'overwrite'])
    .default('keep')
    .describe(
      'What happens to a document that another client created, or changed since it was published: `keep` leaves and reports it, `overwrite` replaces it.',
    ),
  commit: z
    .enum(['end', 'never'])
    .default('end')
    .describe(
      'When changes become visible to searches: `end` commits after the last change, and 60 seconds after each change at the latest; `never` leaves it to `autoCommit` and `autoSoftCommit` of the collection.',
    ),
  batch: z.int().min(1).max(500).default(250).describe('The most changes in one update request.'),
  batch_bytes: z
    .int()
    .min(10_000)
    .max(64 * 1024 * 1024)
    .default(5 * 1024 * 1024)
    .describe('The most bytes of records in one update request.'),
  concurrency: z.int().min(1).max(16).default(2).describe('How many update requests are in progress together.'),
  requests_per_second: z.number().min(0.01).max(10_000).optional().describe('The most requests in a second.'),
  timeout_seconds: z
    .int()
    .min(1)
    .max(600)
    .default(60)
    .describe('The timeout of one request, and of waiting until a commit is visible.'),
});

export const solrArgs = fields.superRefine((args, context) => {
  if ((args.username === undefined) !== (args.password === undefined)) {
    context.addIssue({ code: 'custom', path: ['password'], message: 'expected "username" and "password" together' });
  }
});

export type SolrArgs = z.infer<typeof fields>;
