/** Where a vocabulary is in InvenioRDM's REST interface, and what is particular about it. */
import type { Document } from '../../src/records/document.ts';

export interface Reference {
  /** The member of the record, an object or a list of objects. */
  readonly member: string;
  /** The vocabulary that the `id` of such an object is looked up in. */
  readonly vocabulary: string;
  /** Refused when unknown. Others are refused by some versions, and are looked up when InvenioRDM refuses the record. */
  readonly isAlwaysChecked: boolean;
}

export interface Vocabulary {
  readonly name: string;
  /** Below the address of the API. */
  readonly path: string;
  readonly itemPath: (id: string) => string;
  /** How much the revision grows with each write. */
  readonly step: number;
  /** The revision of a record that was just made. */
  readonly firstRevision: number;
  readonly references: readonly Reference[];
  /** Members that only some versions of InvenioRDM know. */
  readonly newMembers: readonly string[];
  /** What InvenioRDM expects besides the record itself. */
  readonly constants: Readonly<Record<string, string>>;
  /** Without these it fails on a record before it looks for members that it does not know. */
  readonly leastMembers: Readonly<Record<string, string>>;
}

const special = (name: string, more: Partial<Vocabulary> = {}): Vocabulary => ({
  name,
  path: name,
  itemPath: (id) => `${name}/${encodeURIComponent(id)}`,
  step: 1,
  firstRevision: 2,
  references: [],
  newMembers: [],
  constants: {},
  leastMembers: {},
  ...more,
});

const SPECIAL: readonly Vocabulary[] = [
  special('affiliations', { newMembers: ['website', 'domains'] }),
  special('funders', { newMembers: ['website', 'domains'] }),
  special('names', {
    step: 2,
    firstRevision: 3,
    references: [{ member: 'affiliations', vocabulary: 'affiliations', isAlwaysChecked: true }],
  }),
  special('awards', {
    newMembers: ['short_description'],
    references: [
      { member: 'funder', vocabulary: 'funders', isAlwaysChecked: true },
      { member: 'subjects', vocabulary: 'subjects', isAlwaysChecked: true },
      { member: 'organizations', vocabulary: 'affiliations', isAlwaysChecked: false },
    ],
  }),
  special('subjects', { firstRevision: 1, leastMembers: { id: 'probe', scheme: 'probe', subject: 'probe' } }),
];

/** Any other name is a generic vocabulary, as `languages`. */
export function toVocabulary(name: string): Vocabulary {
  const path = `vocabularies/${name}`;
  return (
    SPECIAL.find((one) => one.name === name) ?? {
      ...special(name),
      path,
      firstRevision: 1,
      itemPath: (id) => `${path}/${encodeURIComponent(id)}`,
      constants: { type: name },
    }
  );
}

/** The objects of a record that refer to another one by `id`, with the rule they are under. */
export function referencesOf(
  document: Document | Readonly<Record<string, unknown>>,
  { references }: Vocabulary,
): readonly { readonly reference: Reference; readonly id: string }[] {
  return references.flatMap((reference) => {
    const value = document[reference.member];
    return (Array.isArray(value) ? (value as unknown[]) : [value]).flatMap((item) => {
      const id = linkedId(item);
      return id === undefined ? [] : [{ reference, id }];
    });
  });
}

export function linkedId(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null || !('id' in item)) return undefined;
  return typeof item.id === 'string' ? item.id : undefined;
}
