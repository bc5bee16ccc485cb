/**
 * What a source reports about a record in addition to the record: that it is no longer in use, and which records continue
 * it. Notes are not part of the record or its hash, and no target receives them. All JSON.
 */
import { clip } from '../clip.ts';

/** A record and, if it is known, its name. */
export interface NamedRecord {
  /** The id of the record. */
  readonly id: string;
  /** For people. */
  readonly name?: string;
}

export interface Successor extends NamedRecord {
  /** The records that continue it today, if it is no longer in use either. */
  readonly now?: readonly NamedRecord[];
}

export interface Notes {
  /** The source's own word, such as `inactive` or `withdrawn`. */
  readonly status: string;
  /** Absent: the source names none. */
  readonly successors?: readonly Successor[];
}

/** What a transformer reports. `id` is used if the record itself is filtered, otherwise the id of the document. */
export interface RecordNotes {
  /** The id of the record. */
  readonly id: string;
  /** The source's own word, such as `inactive` or `withdrawn`. */
  readonly status: string;
  /** The records that continue it. Absent: the source names none. */
  readonly successors?: readonly NamedRecord[];
}

export const MOST_SUCCESSORS = 20;
const LONGEST_ID = 255;
const LONGEST_STATUS = 40;
const LONGEST_NAME = 250;

/** Returns notes of bounded size that a database can store. Throws TypeError for what is not a note. */
export function toNotes({ status, successors = [] }: RecordNotes): Notes {
  const known = successors.slice(0, MOST_SUCCESSORS).map(({ id, name }): Successor => {
    const shown = name === undefined ? '' : toText(name, LONGEST_NAME);
    return shown === '' ? { id: requireId(id) } : { id: requireId(id), name: shown };
  });
  const word = toText(status, LONGEST_STATUS);
  if (word === '') throw new TypeError('a note needs a status');
  return known.length === 0 ? { status: word } : { status: word, successors: known };
}

/** Returns the id of a noted record. Throws TypeError if it is invalid. */
export function requireId(id: unknown): string {
  const isId = typeof id === 'string' && id !== '' && id.length <= LONGEST_ID && !/[\u0000-\u001f\u007f]/.test(id);
  if (isId && id.isWellFormed()) return id;
  throw new TypeError('a note needs the id of a record');
}

function toText(text: string, most: number): string {
  return clip(
    text
      .toWellFormed()
      .replaceAll(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ')
      .trim(),
    most,
  );
}

const MOST_SHOWN = 4;

/** `inactive, continued by Adelaide University (028g18b61)` */
export function describeNotes({ status, successors = [] }: Notes): string {
  if (successors.length === 0) return `${status}, no successor is named`;
  return `${status}, continued by ${listed(successors.map(describeSuccessor))}`;
}

function describeSuccessor({ now, ...record }: Successor): string {
  return now === undefined ? describe(record) : `${describe(record)}, now ${listed(now.map(describe))}`;
}

function describe({ id, name }: NamedRecord): string {
  return name === undefined ? id : `${name} (${id})`;
}

function listed(texts: readonly string[]): string {
  const more = texts.length - MOST_SHOWN;
  if (more > 0) return `${texts.slice(0, MOST_SHOWN).join(', ')} and ${String(more)} more`;
  return texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1) ?? ''}`;
}
