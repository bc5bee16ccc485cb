/** Describes records that are no longer in use, and the records that refer to them, in the details of a run. */
import type { EndedRecords, ImpactSummary } from '../src/pipeline/run-steps.ts';
import { grouped } from './plain-numbers.ts';
import type { TaskProgress } from './run-state.ts';

/** Makes Markdown of a text from outside; cuts it to a length. */
type Escape = (text: string, longest?: number) => string;

const LONGEST_SENTENCE = 600;

/** What is referred to is named with the impact, and everything in `changes`. */
export function impactSections({ impacts = [], ended }: TaskProgress, escape: Escape): readonly string[] {
  const isCited = impacts.some(({ lines }) => lines.length > 0);
  return [
    ...impacts.map((impact) => impactLines(impact, escape)),
    ...(ended === undefined || isCited ? [] : [endedLines(ended, escape)]),
  ];
}

function impactLines({ target, text, lines }: ImpactSummary, escape: Escape): string {
  const first = lines.map((line) => `- ${escape(line)}`);
  return [`**Impact** on ${escape(target)}: ${escape(text, LONGEST_SENTENCE)}`, '', ...first].join('\n');
}

function endedLines({ total, lines }: EndedRecords, escape: Escape): string {
  const more = total - lines.length;
  const all = [...lines.map((line) => `- ${escape(line)}`), ...(more > 0 ? [`- and ${grouped(more)} more`] : [])];
  return ['No longer in use, as the source says:', '', ...all].join('\n');
}
