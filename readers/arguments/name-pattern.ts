/** A regular expression in the args of a reader, for names of members or objects. */
import { z } from 'zod';
import { faultOfPattern } from '../../src/formats/archive/member-pattern.ts';

export const namePattern = z
  .string()
  .superRefine((text, context) => {
    const fault = faultOfPattern(text);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: `expected a regex in RE2 syntax: ${fault}` });
  })
  .optional();

export const memberPattern = namePattern.describe(
  'Which members are read: those in whose name this regular expression is found (RE2 syntax, searched anywhere, as in Python). Without it all are read.',
);
