/** The arguments of `drop-where` and `keep-where`. */
import { z } from 'zod';
import { LONGEST_EXPRESSION, parseExpression } from './parse-expression.ts';
import { FUNCTION_NAMES } from './refuse-costly.ts';

export const whereArgs = (type: string) =>
  z.strictObject({
    expression: z
      .string()
      .max(LONGEST_EXPRESSION)
      .superRefine((text, context) => {
        const { fault } = parseExpression(text);
        if (fault === undefined) return;
        context.addIssue({
          code: 'custom',
          message: `expected an expression in JMESPath, but at character ${String(fault.at)}: ${fault.message}`,
        });
      })
      .describe(
        'The condition for each record, in JMESPath. It is true unless its value is false, null, an empty text, an empty list or an empty object.',
      ),
    code: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,39}$/, 'expected a short name in lower case, such as "withdrawn"')
      .default(type)
      .describe('The name under which the filtered records are counted in the report.'),
  });

/** The description of both transformers in the reference. */
export const WHERE_DESCRIPTION = `A text is written in single quotes, other constants in backticks: \`status == 'active' && year >= \\\`2020\\\`\`. A field that is
absent is null. Functions: ${FUNCTION_NAMES.join(', ')}. What could take longer than one walk through the record is not
available: \`$\`, \`let\`, \`&\`, lists and objects made of fields, and functions that sort or join. Records that the source has deleted pass.`;
