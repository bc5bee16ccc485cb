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
      user_agent: z.string().min(1).optional().describe('The `User-Agent` to send, where the service asks for one.'),
    })
    .default({})
    .describe('Parameters of the client, as InvenioRDM writes them.'),
  page_size: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(2000)
    .describe(
      'Rows to ask for at a time, by LIMIT and OFFSET; all selected variables are appended to its ORDER BY. 0 asks for everything at once. A query with a LIMIT or OFFSET of its own is asked once, as it is.',
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
      'The largest answer, in bytes. It is held in memory as a whole, so this bounds the memory of the reader.',
    ),
  max_pages: z.int().positive().default(10_000).describe('The most pages. More end the run.'),
});

export type SparqlArgs = z.infer<typeof sparqlArgs>;

function isPlainHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}
