/** The arguments of the reader `sparql`, with InvenioRDM's names. */
import { z } from 'zod';
import { readSparqlForm } from '../../src/formats/sparql/paging.ts';

export const sparqlArgs = z.strictObject({
  origin: z
    .string()
    .refine(isPlainHttpUrl, 'expected an http(s) address without user name and password')
    .describe('The address of the SPARQL service (its query endpoint).'),
  query: z
    .string()
    .refine((query) => readSparqlForm(query).isSelect, 'expected a SELECT query')
    .describe('A SELECT query. Each row becomes a record.'),
  client_params: z
    .strictObject({
      user_agent: z.string().min(1).optional().describe('The `User-Agent` to send, if the service requires one.'),
    })
    .default({})
    .describe('Parameters of the client, as InvenioRDM writes them.'),
  page_size: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(2000)
    .describe(
      'The number of rows per page, by LIMIT and OFFSET. All selected variables are appended to the ORDER BY. 0 requests everything at once. A query that has its own LIMIT or OFFSET is sent once, unchanged.',
    ),
  method: z
    .enum(['get', 'post'])
    .optional()
    .describe('How to send the query. Without it, GET up to an address of 2,000 characters, and POST beyond.'),
  max_page_bytes: z
    .int()
    .positive()
    .max(512 * 1024 ** 2)
    .default(64 * 1024 ** 2)
    .describe(
      'The maximum size of a response, in bytes. It is kept in memory as a whole, so this limits the memory of the reader.',
    ),
  max_pages: z
    .int()
    .positive()
    .default(10_000)
    .describe('The maximum number of pages. If there are more, the run ends.'),
});

export type SparqlArgs = z.infer<typeof sparqlArgs>;

function isPlainHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}
