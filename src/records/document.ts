/** A document: the result of the last transformer of a chain, which is staged and published. */

/** A record that is published: a JSON object with an id. */
export interface Document {
  /** Unique in its vocabulary. */
  readonly id: string;
  readonly [key: string]: unknown;
}

/**
 * Returns the display name of a record of any vocabulary: `name`, the title or the subject, or an empty text if it has none
 * of them.
 */
export function nameOf(record: unknown): string {
  if (typeof record !== 'object' || record === null) return '';
  const { name, title, subject } = record as Readonly<Record<string, unknown>>;
  const titles: readonly unknown[] = typeof title === 'object' && title !== null ? titlesOf(title) : [title];
  const shown = [name, ...titles, subject].find((text) => typeof text === 'string');
  return shown ?? '';
}

/** English first: a translation that is added does not rename a record. */
function titlesOf(title: object): readonly unknown[] {
  const texts = title as Readonly<Record<string, unknown>>;
  return [texts['en'], ...Object.values(texts)];
}
