/**
 * What InvenioRDM puts out for a concept, turned into what we put out, by one rule for each decided difference. Each rule
 * is made from the source and InvenioRDM's output alone, never from ours.
 */

export interface Subject {
  readonly id: string;
  readonly scheme: string;
  readonly subject: string;
  readonly title: Readonly<Record<string, string>>;
  readonly props?: Readonly<Record<string, unknown>>;
}

/** A concept as its document describes it, read by another way than the reader's. */
interface SourceConcept {
  readonly prefLabels: readonly { readonly value: string; readonly lang: string }[];
  /** Direct parents, in the order of the document. */
  readonly broader: readonly string[];
}

export interface Sources {
  readonly of: (iri: string) => SourceConcept | undefined;
  /** As the transformer writes a parent; undefined for one that it cannot name. */
  readonly nameParent: (iri: string) => string | undefined;
}

interface Rule {
  /** As docs/compatibility.md names it. */
  readonly name: string;
  readonly apply: (output: Subject, iri: string, sources: Sources) => Subject;
}

export const rules: readonly Rule[] = [
  { name: 'only the first letter of a label is raised', apply: keepCase },
  { name: 'outer white space of labels is trimmed, and blank ones are left out', apply: trimLabels },
  { name: 'a label of a region stands in for its language', apply: fillRegions },
  { name: 'ancestors once each, the farthest first', apply: orderParents },
  { name: 'a definition that is missing is left out', apply: dropNone },
  { name: 'a subject without an English label shows another one', apply: showAnother },
];

function raise(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** What `capitalize` of Python makes of the label is replaced by the label itself. */
function keepCase(output: Subject, iri: string, sources: Sources): Subject {
  const title = Object.fromEntries(
    Object.entries(output.title).map(([lang, text]) => {
      const label = sources
        .of(iri)
        ?.prefLabels.find(({ value, lang: of }) => of === lang && value.toLowerCase() === text.toLowerCase());
      return [lang, label === undefined ? text : raise(label.value)];
    }),
  );
  return { ...output, title, subject: output.subject === '' ? '' : (title['en'] ?? output.subject) };
}

function trimLabels(output: Subject): Subject {
  const title = Object.fromEntries(
    Object.entries(output.title)
      .map(([lang, text]) => [lang, raise(text.trim())] as const)
      .filter(([, text]) => text !== ''),
  );
  return { ...output, title, subject: raise(output.subject.trim()) };
}

function fillRegions(output: Subject, iri: string, sources: Sources): Subject {
  const title = { ...output.title };
  for (const { value, lang } of sources.of(iri)?.prefLabels ?? []) {
    const base = lang.split('-')[0] ?? '';
    if (lang.includes('-') && title[base] === undefined) title[base] = raise(value.trim());
  }
  return { ...output, title };
}

/** Calculated again where there is more than one way up. Everywhere else the order is InvenioRDM's. */
function orderParents(output: Subject, iri: string, sources: Sources): Subject {
  const levels: string[][] = [];
  const seen = new Set<string>([iri]);
  let isBranching = false;
  for (let level = [iri]; level.length > 0;) {
    const next: string[] = [];
    for (const child of level) {
      const parents = sources.of(child)?.broader ?? [];
      isBranching ||= parents.length > 1;
      for (const parent of parents) {
        if (!seen.has(parent)) next.push(parent);
        seen.add(parent);
      }
    }
    levels.unshift(next);
    level = next;
  }
  if (!isBranching) return output;
  const names = levels.flat().flatMap((parent) => sources.nameParent(parent) ?? []);
  expectSameMembers(names, parentsOf(output));
  return { ...output, props: { ...output.props, parents: names.join(',') } };
}

/** The rule may only reorder: what is in the list comes from InvenioRDM. */
function expectSameMembers(ours: readonly string[], theirs: readonly string[]): void {
  const text = (list: readonly string[]): string => [...new Set(list)].sort().join(',');
  if (text(ours) !== text(theirs)) throw new Error(`not the same: ${text(ours)} and ${text(theirs)}`);
}

function dropNone(output: Subject): Subject {
  if (output.props?.['definition'] !== 'None') return output;
  const { definition: _definition, ...props } = output.props;
  return { ...output, props };
}

function showAnother(output: Subject): Subject {
  if (output.subject !== '') return output;
  const [first] = Object.entries(output.title).sort(([a], [b]) => (a < b ? -1 : 1));
  return first === undefined ? output : { ...output, subject: first[1] };
}

function parentsOf({ props }: Subject): readonly string[] {
  const parents = props?.['parents'];
  return typeof parents === 'string' ? parents.split(',') : [];
}
