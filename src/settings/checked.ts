/** A setting that is checked by a function of its own. */
import { z } from 'zod';

/** `problem` gives a sentence that begins with `expected` and quotes nothing. */
export function checked(problem: (text: string) => string | undefined): z.ZodType<string> {
  return z.string().superRefine((text, context) => {
    const message = problem(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}
