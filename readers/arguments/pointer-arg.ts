/** A JSON pointer in the args of a reader. */
import { z } from 'zod';
import { parsePointer, toPointer } from '../../src/job/pointer.ts';

const POINTER = /^(?:\/(?:[^~/]|~[01])*)*$/;
const MOST_STEPS = 32;

/** Accepts the empty text as the whole document. For a path in another language, the error suggests the equivalent pointer. */
export const pointerArg = z
  .string({ error: 'expected a JSON pointer, such as "/data/items"' })
  .superRefine((text, context) => {
    const fault = faultOf(text);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  });

function faultOf(text: string): string | undefined {
  const steps = parsePointer(text);
  if (POINTER.test(text) && steps.some((step) => step === '*' || step === '**')) {
    return `expected a pointer without "*": a pointer names one place, such as "${toPointer(
      steps.slice(
        0,
        steps.findIndex((step) => step.startsWith('*')),
      ),
    )}"`;
  }
  if (!POINTER.test(text)) {
    const meant = fromOtherPath(text);
    return meant === undefined
      ? 'expected a JSON pointer, such as "/data/items"'
      : `expected a JSON pointer, which begins with a slash: did you mean "${meant}"?`;
  }
  return steps.length > MOST_STEPS ? `expected a pointer of at most ${String(MOST_STEPS)} steps` : undefined;
}

/** `$.data.items[*]`, `data.items`, `data/items`, `#/data/items`. */
function fromOtherPath(text: string): string | undefined {
  const steps = text
    .replace(/^(\$|#)?[./]?/, '')
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .replace(/\[\*?\]$/, '')
    .split(/[./]/);
  return steps.every((step) => /^[\w@:-]+$/.test(step)) ? toPointer(steps) : undefined;
}

/** Returns the value at a pointer, given as its steps. Returns undefined if nothing is there. Inherited members are ignored. */
export function findAt(value: unknown, steps: readonly string[]): unknown {
  let found = value;
  for (const step of steps) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined;
    if (Array.isArray(found) && !/^(0|[1-9]\d*)$/.test(step)) return undefined;
    found = (found as Record<string, unknown>)[step];
  }
  return found;
}
