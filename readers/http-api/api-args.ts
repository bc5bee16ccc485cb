/** The arguments of the reader `http-api`. */
import { z } from 'zod';
import { headersArg } from '../arguments/headers-arg.ts';
import { pointerArg } from '../arguments/pointer-arg.ts';
import { recordBytes, recordDepth } from '../arguments/record-limits.ts';
import { splitArg } from '../arguments/split.ts';

/** A name is a parameter of the address. A pointer is a place in `body`. */
const parameter = z
  .string()
  .min(1)
  .refine((text) => !text.startsWith('/') || pointerArg.safeParse(text).success, 'expected a name or a JSON pointer');

const address = z.string().refine(isPlainHttpUrl, 'expected an http(s) address without user name and password');

const SET =
  'The parameter to set: the name of a parameter of the address, or a JSON pointer such as `/page` to a place in `body`.';

const KINDS = ['none', 'next_link', 'link_header', 'page', 'offset', 'cursor', 'continue'];
const pagingSchema = z
  .discriminatedUnion(
    'type',
    [
      z.strictObject({
        type: z.literal('none').describe('One answer holds everything.'),
      }),
      z.strictObject({
        type: z.literal('next_link').describe('Each answer holds the address of the next page.'),
        next: pointerArg.describe('Where the address is, such as `/links/next`. Absent or null on the last page.'),
      }),
      z.strictObject({
        type: z.literal('link_header').describe('The header `Link` names the next page, with `rel="next"`.'),
      }),
      z.strictObject({
        type: z.literal('page').describe('Pages are numbered.'),
        parameter: parameter.describe(SET),
        first: z.int().min(0).default(1).describe('The number of the first page.'),
      }),
      z.strictObject({
        type: z.literal('offset').describe('A page begins after a number of items.'),
        parameter: parameter.describe(SET),
        first: z.int().min(0).default(0).describe('The number of the first item.'),
      }),
      z.strictObject({
        type: z.literal('cursor').describe('Each answer holds a value that asks for the next page.'),
        parameter: parameter.describe(SET),
        next: pointerArg.describe(
          'Where the value is, such as `/meta/next_cursor`. The list ends if the value is absent or null, or if an empty page gives the same value again.',
        ),
        first: z.string().optional().describe('The value for the first page, such as `*`. Without it, none is sent.'),
      }),
      z.strictObject({
        type: z.literal('continue').describe('Each answer holds an object of parameters that ask for the next page.'),
        next: pointerArg.describe('Where the object is, such as `/continue`. Absent on the last page.'),
      }),
    ],
    {
      error: ({ input }) =>
        input === undefined
          ? `expected an object with the "type" ${KINDS.slice(0, -1).join(', ')} or ${String(KINDS.at(-1))}`
          : undefined,
    },
  )
  .describe('How to get from one page to the next.');

const scalar = z.union([z.string(), z.number(), z.boolean()]);

export const apiArgs = z
  .strictObject({
    origin: address.describe('The address of the list.'),
    query: z
      .record(z.string().min(1), z.union([scalar, z.array(scalar)]))
      .default({})
      .describe('Parameters of the address. A list repeats its parameter. A credential is a reference (`$secret`).'),
    method: z
      .enum(['GET', 'POST'])
      .default('GET')
      .describe('With `POST`, `body` is sent as JSON. The request must change nothing.'),
    body: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('The JSON body of each request. Paging, `page_size` and `since` set places in it by JSON pointers.'),
    items: pointerArg.describe(
      'A JSON pointer to the list of records in an answer, such as `/results`. An empty text means that the answer is the list.',
    ),
    missing_items: z
      .enum(['refuse', 'empty'])
      .default('refuse')
      .describe(
        'Whether an answer without that list is an error (`refuse`) or a page without records (`empty`), as with MediaWiki.',
      ),
    split: splitArg,
    paging: pagingSchema,
    page_size: z
      .strictObject({
        parameter: parameter.describe(SET),
        size: z.int().positive().max(100_000).describe('Items to ask for at a time.'),
      })
      .optional()
      .describe(
        'How many items to ask for at a time. A size that the server refuses is halved. Without it, the server chooses.',
      ),
    total: pointerArg
      .optional()
      .describe(
        'A JSON pointer to the number of all items, such as `/meta/count`. It is compared with what was read. It also ends numbered pages and offsets.',
      ),
    total_is: z
      .enum(['exact', 'estimate'])
      .default('exact')
      .describe('Whether `total` is exact. An `estimate` is only shown. It does not end a list and is not compared.'),
    id: pointerArg
      .optional()
      .describe(
        'A JSON pointer to the id inside an item, such as `/id`. An id that comes twice means that the list changed while it was read. Without it, whole items are compared.',
      ),
    on_shift: z
      .enum(['again', 'fail', 'accept'])
      .default('again')
      .describe(
        'What to do if the list changed while it was read, which a repeated id or a different total shows. `again` reads everything again, three times at most, and accepts two equal readings. `fail` ends the run. `accept` publishes what was read and withdraws nothing.',
      ),
    since: z
      .strictObject({
        parameter: parameter.describe(SET),
        format: z
          .enum(['date', 'time', 'unix_seconds', 'unix_milliseconds'])
          .default('date')
          .describe('`date` is 2026-01-02, `time` is 2026-01-02T03:04:05Z.'),
        template: z
          .string()
          .refine((text) => text.includes('{since}'), 'expected a text with "{since}" in it')
          .default('{since}')
          .describe('The value to send, such as `from_updated_date:{since}`.'),
        separator: z
          .string()
          .default(',')
          .describe('The text between it and a value that `query` has for the same parameter.'),
        overlap_hours: z
          .int()
          .min(0)
          .max(24 * 366)
          .default(24)
          .describe('How many hours before the last run to begin, because services show changes late.'),
      })
      .optional()
      .describe(
        'Requests only what changed since the last run. A record that is absent then never counts as removed. Without `since`, everything is read each time.',
      ),
    headers: headersArg
      .optional()
      .describe(
        'Sent only with requests to the host of `origin`. A credential is a reference: `{"Authorization": {"$secret": "env:API_AUTHORIZATION"}}`. The variable holds the whole value, such as `Bearer …`.',
      ),
    content_type: z.string().min(1).default('application/json').describe('The media type to ask for (`Accept`).'),
    oauth: z
      .strictObject({
        token_url: address.describe('The address that issues tokens.'),
        client_id: z.string().min(1).describe('The id of the client.'),
        client_secret: z.string().min(1).describe('Its secret, as a reference (`$secret`).'),
        scope: z.string().min(1).optional().describe('The scopes to ask for, separated by spaces.'),
        audience: z.string().min(1).optional().describe('The `audience`, if the server needs one.'),
        send_in: z
          .enum(['header', 'form'])
          .default('header')
          .describe('How the client authenticates: by `Authorization: Basic`, or in the form.'),
      })
      .optional()
      .describe('OAuth 2 client credentials. The token is renewed before it expires, and once after a 401.'),
    requests_per_second: z
      .number()
      .positive()
      .max(1000)
      .optional()
      .describe('The most requests per second. 0.5 is one in two seconds. `Retry-After` is respected in any case.'),
    max_pages: z
      .int()
      .positive()
      .max(1_000_000)
      .default(10_000)
      .describe('The maximum number of pages. If there are more, the run ends.'),
    max_page_bytes: z
      .int()
      .positive()
      .max(256 * 1024 ** 2)
      .default(32 * 1024 ** 2)
      .describe('The largest answer, in bytes. It is held in memory.'),
    max_record_bytes: recordBytes,
    max_depth: recordDepth,
  })
  .superRefine((args, context) => {
    for (const [path, message] of contradictions(args)) context.addIssue({ code: 'custom', path: [...path], message });
  });

export type ApiArgs = z.infer<typeof apiArgs>;

type Contradiction = readonly [path: readonly string[], message: string];

interface Checked {
  readonly origin: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly method: 'GET' | 'POST';
  readonly body?: Readonly<Record<string, unknown>> | undefined;
  readonly paging: Readonly<Record<string, unknown>> & { readonly type: string };
  readonly page_size?: { readonly parameter: string } | undefined;
  readonly since?: { readonly parameter: string } | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly oauth?: object | undefined;
}

function* contradictions(args: Checked): Generator<Contradiction> {
  const { origin, query, method, body, paging, headers } = args;
  if (method === 'GET' && body !== undefined) yield [['body'], 'expected "method": "POST" together with "body"'];
  if (method === 'POST' && body === undefined) yield [['method'], 'expected a "body" together with "POST", such as {}'];
  if (method === 'POST' && /link/.test(paging.type)) {
    yield [['paging', 'type'], 'expected a page, an offset or a cursor: links are followed with "method": "GET"'];
  }
  const paged = paging['parameter'];
  const settings: readonly (readonly [readonly string[], string | undefined])[] = [
    [['paging', 'parameter'], typeof paged === 'string' ? paged : undefined],
    [['page_size', 'parameter'], args.page_size?.parameter],
    [['since', 'parameter'], args.since?.parameter],
  ];
  const seen = new Map<string, string>();
  for (const [path, name] of settings) {
    if (name === undefined) continue;
    const place = path.join('.');
    if (name.startsWith('/') && method === 'GET') {
      yield [path, 'expected the name of a parameter: a pointer is a place in "body", which needs "method": "POST"'];
    }
    const other = seen.get(name);
    if (other !== undefined) yield [path, `expected another parameter than "${other}" has`];
    seen.set(name, place);
    if (place === 'since.parameter') continue;
    if (Object.hasOwn(query, name)) yield [['query', name], `expected no "${name}" here: "${place}" sets it`];
    if (URL.canParse(origin) && new URL(origin).searchParams.has(name)) {
      yield [['origin'], `expected no "${name}" in the address: "${place}" sets it`];
    }
  }
  const authorization = Object.keys(headers ?? {}).find((name) => name.toLowerCase() === 'authorization');
  if (args.oauth !== undefined && authorization !== undefined) {
    // Not at the header: its value is a reference, which is not looked into.
    yield [['oauth'], `expected either "oauth" or the header "${authorization}"`];
  }
}

function isPlainHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}
