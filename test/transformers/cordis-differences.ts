/**
 * What InvenioRDM puts out for a project of CORDIS, turned into what we put out, by one rule for each decided
 * difference.
 */

export type Output = Readonly<Record<string, unknown>>;

interface Rule {
  /** As docs/compatibility.md names it. */
  readonly name: string;
  readonly apply: (output: Output) => Output;
}

export const rules: readonly Rule[] = [
  { name: 'empty lists are left out', apply: withoutEmptyLists },
  { name: 'a short description is cut at a word', apply: cutAtWord },
];

function withoutEmptyLists(output: Output): Output {
  const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
  return Object.fromEntries(Object.entries(output).filter(([, value]) => !isEmpty(value)));
}

/** InvenioRDM cuts at 250 characters, whatever is there. */
function cutAtWord(output: Output): Output {
  const text = (output['short_description'] as { readonly en: string } | undefined)?.en;
  if (text?.length !== 250) return output;
  const start = text.slice(0, 249);
  const words = text.endsWith(' ') ? start : start.replace(/\s+\S*$/, '');
  return { ...output, short_description: { en: `${words}…` } };
}
