/**
 * Finds references to records that InvenioRDM does not hold before it refuses the whole record with "Not a valid value.",
 * which names neither the field nor the id.
 */
import type { Waiting } from '../../src/component/writer.ts';
import type { Change } from '../../src/records/change.ts';
import type { Document } from '../../src/records/document.ts';
import type { JsonObject } from '../../src/records/json-object.ts';
import type { Client } from './open-client.ts';
import { knownIds } from './read-records.ts';
import { linkedId, referencesOf, toVocabulary, type Reference, type Vocabulary } from './vocabulary.ts';

export interface MissingReference {
  readonly member: string;
  readonly vocabulary: string;
  readonly id: string;
}

export interface References {
  /** Looks up what these changes refer to and is not known yet, in bulk. */
  prepare(changes: readonly Change[]): Promise<void>;
  /** Of a record that was prepared. With `all` also the references that only some versions check; they are looked up now. */
  missing(document: Document, all?: boolean): Promise<readonly MissingReference[]>;
}

/** What was found is remembered as long as the publication is open: records refer to the same few thousand others. */
export function openReferences(client: Client, vocabulary: Vocabulary): References {
  const found = new Map<string, Map<string, boolean>>();
  const statesOf = (name: string): Map<string, boolean> => {
    const states = found.get(name) ?? new Map<string, boolean>();
    found.set(name, states);
    return states;
  };
  const lookUp = async (documents: readonly Document[], isWanted: (reference: Reference) => boolean): Promise<void> => {
    const wanted = new Map<string, Set<string>>();
    for (const { reference, id } of documents.flatMap((one) => referencesOf(one, vocabulary))) {
      if (!isWanted(reference) || statesOf(reference.vocabulary).has(id)) continue;
      const ids = wanted.get(reference.vocabulary) ?? new Set();
      wanted.set(reference.vocabulary, ids.add(id));
    }
    for (const [name, ids] of wanted) {
      const known = await knownIds(client, toVocabulary(name), [...ids]);
      for (const id of ids) statesOf(name).set(id, known.has(id));
    }
  };
  return {
    prepare: (changes) =>
      lookUp(
        changes.filter(({ kind }) => kind !== 'withdraw').map(({ document }) => document),
        ({ isAlwaysChecked }) => isAlwaysChecked,
      ),
    async missing(document, all = false) {
      if (all) await lookUp([document], () => true);
      return referencesOf(document, vocabulary)
        .filter(({ reference, id }) => statesOf(reference.vocabulary).get(id) === false)
        .map(({ reference: { member, vocabulary: name }, id }) => ({ member, vocabulary: name, id }));
    },
  };
}

/**
 * How many of these records refer only to what InvenioRDM holds. Uses search only, so the next run finds
 * a reference that was created a second ago.
 */
export async function countResolved(
  client: Client,
  vocabulary: Vocabulary,
  waiting: readonly Waiting[],
): Promise<number> {
  const referred = waiting.map(({ document, unresolved }) =>
    // What only some versions check counts where it was the reason.
    referencesOf(document, vocabulary).filter(
      ({ reference: { isAlwaysChecked, member } }) =>
        isAlwaysChecked || unresolved === undefined || unresolved.includes(member),
    ),
  );
  const known = new Map<string, ReadonlySet<string>>();
  for (const name of new Set(referred.flat().map(({ reference }) => reference.vocabulary))) {
    const ids = referred.flat().flatMap(({ reference, id }) => (reference.vocabulary === name ? [id] : []));
    known.set(name, await knownIds(client, toVocabulary(name), [...new Set(ids)], true));
  }
  return referred.filter((all) => all.every(({ reference, id }) => known.get(reference.vocabulary)?.has(id) === true))
    .length;
}

/** Returns the record without these references. A name next to an id is kept. */
export function withoutReferences(document: Document, missing: readonly MissingReference[]): Document {
  const result: Record<string, unknown> = { ...document };
  for (const member of new Set(missing.map((one) => one.member))) {
    const ids = new Set(missing.filter((one) => one.member === member).map(({ id }) => id));
    const value = result[member];
    const isList = Array.isArray(value);
    const kept = (isList ? (value as unknown[]) : [value]).flatMap((item) => {
      const id = linkedId(item);
      if (id === undefined || !ids.has(id)) return [item];
      const { id: _id, scheme: _scheme, ...rest } = item as JsonObject;
      return Object.keys(rest).length === 0 ? [] : [rest];
    });
    // A member without a value is not sent.
    result[member] = isList && kept.length > 0 ? kept : kept[0];
  }
  return result as Document;
}

export function describeMissing(missing: readonly MissingReference[]): string {
  const first = missing.slice(0, 5).map(({ member, vocabulary, id }) => `${member} "${id}" (not in ${vocabulary})`);
  const more = missing.length > first.length ? ` and ${String(missing.length - first.length)} more` : '';
  return first.join(', ') + more;
}
