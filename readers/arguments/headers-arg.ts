/** Headers that a job sends along, such as a credential. */
import { z } from 'zod';

/** vocab-sync sets these itself to request a part of an answer. */
const OURS =
  /^(accept|accept-encoding|connection|content-.*|host|if-.*|range|te|transfer-encoding|upgrade|user-agent)$/i;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

export const headersArg = z.record(
  z
    .string()
    .regex(TOKEN, 'expected the name of a header, such as "Authorization"')
    .refine(
      (name) => !OURS.test(name),
      'expected a header that vocab-sync does not send itself; for Accept there is "content_type"',
    ),
  z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'expected a text in one line'),
);
