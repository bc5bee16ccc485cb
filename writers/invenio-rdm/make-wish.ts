/** From a change to what is asked of InvenioRDM: the record as it is sent, and the forms of it that are ours to replace. */
import type { Change, ChangeResult } from '../../src/records/change.ts';
import type { Document } from '../../src/records/document.ts';
import { isJsonObject } from '../../src/records/json-object.ts';
import { describeMissing, withoutReferences, type MissingReference, type References } from './check-references.ts';
import { toComparable, toSendable } from './clean-up.ts';
import type { Client } from './open-client.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface Sender {
  readonly client: Client;
  readonly vocabulary: Vocabulary;
  readonly references: References;
  readonly onMissingReference: 'reject' | 'drop';
  /** What a withdrawn record gets. Undefined: it is deleted. */
  readonly tag: string | undefined;
  /** Members that this version of InvenioRDM does not know. */
  readonly unknownMembers: ReadonlySet<string>;
}

/** What decides the form of a record. */
type Shaping = Pick<Sender, 'vocabulary' | 'unknownMembers'>;

export interface Wish {
  readonly sender: Sender;
  readonly change: Change;
  /** Undefined: the record is to be deleted. */
  readonly body: Document | undefined;
  /** What is held in one of these forms is what we published last. */
  readonly ours: ReadonlySet<string>;
  /** What the record has and InvenioRDM does not take. */
  readonly leftOut: readonly string[];
}

/** A result where nothing need be sent: InvenioRDM cannot take the record. */
export async function makeWish(sender: Sender, change: Change): Promise<Wish | ChangeResult> {
  const { kind, document, before } = change;
  const { tag, references } = sender;
  if (kind === 'withdraw' && tag === undefined) {
    return { sender, change, body: undefined, ours: new Set([formOf(sender, document)]), leftOut: [] };
  }
  const published = kind === 'withdraw' ? document : before;
  const ours = new Set(published === undefined ? [] : [formOf(sender, published)]);
  // Only a withdrawn record may carry the tag, or hold nothing that we know of.
  if (kind === 'restore' && published !== undefined && tag !== undefined) {
    ours.add(formOf(sender, withTag(published, tag)));
  }
  const wanted = kind === 'withdraw' ? withTag(document, tag ?? '') : document;
  const wish: Wish = { sender, change, body: toBody(sender, wanted), ours, leftOut: leftOutOf(sender, wanted) };
  const missing = await references.missing(document);
  return missing.length === 0 ? wish : dropReferences(wish, missing);
}

/** By policy: the record without the references, or its rejection. */
export function dropReferences(wish: Wish, missing: readonly MissingReference[]): Wish | ChangeResult {
  const { sender, change, body, leftOut } = wish;
  if (sender.onMissingReference === 'drop' && body !== undefined) {
    const without = missing.map(({ member, id }) => `${member} ${id}`);
    return { ...wish, body: withoutReferences(body, missing), leftOut: [...leftOut, ...without] };
  }
  return {
    id: change.id,
    result: 'rejected',
    code: 'E_TARGET_REFERENCE',
    unresolved: [...new Set(missing.map(({ member }) => member))],
    message: `It refers to records that InvenioRDM does not hold: ${describeMissing(missing)}. Publish these first, or set "on_missing_reference" to "drop".`,
  };
}

export function isWish(made: Wish | ChangeResult): made is Wish {
  return 'sender' in made;
}

/** Equal forms are stored alike. */
export function formOf(sender: Shaping, document: Document): string {
  return toComparable(toBody(sender, document), sender.vocabulary);
}

function toBody({ vocabulary, unknownMembers }: Shaping, document: Document): Document {
  const sendable = toSendable(document, vocabulary);
  if (unknownMembers.size === 0) return sendable;
  const known = Object.entries(sendable).filter(([member]) => !unknownMembers.has(member));
  const body = Object.fromEntries(known) as Document;
  const { organizations } = body;
  // Versions that do not know the short description of an award call the name of an organisation "organization".
  if (!unknownMembers.has('short_description') || !Array.isArray(organizations)) return body;
  return { ...body, organizations: organizations.map(renamed) };
}

function renamed(organization: unknown): unknown {
  if (!isJsonObject(organization) || organization['name'] === undefined) return organization;
  const { name, ...rest } = organization;
  return { ...rest, organization: name };
}

function leftOutOf({ unknownMembers }: Sender, document: Document): string[] {
  return [...unknownMembers].filter((member) => document[member] !== undefined && document[member] !== null);
}

export function withTag(document: Document, tag: string): Document {
  const tags = Array.isArray(document['tags']) ? (document['tags'] as unknown[]) : [];
  return { ...document, tags: tags.includes(tag) ? tags : [...tags, tag] };
}
