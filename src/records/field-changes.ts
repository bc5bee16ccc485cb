/** The differences between two versions of a record, field by field. */

/** A field that differs between two versions of a record. */
export interface FieldChange {
  /** JSON pointer of the field: `/title/de`, `/aliases`. Lists are compared whole. */
  readonly pointer: string;
  /** Undefined: the field was not there. */
  readonly before: unknown;
  /** Undefined: the field is no longer there. */
  readonly after: unknown;
}

/** In the order of the fields of `after`, then the removed ones. Absent is `undefined`. */
export function compareFields(before: unknown, after: unknown, pointer = ''): readonly FieldChange[] {
  if (isObject(before) && isObject(after)) {
    const keys = new Set([...Object.keys(after), ...Object.keys(before)]);
    return [...keys].flatMap((key) =>
      compareFields(own(before, key), own(after, key), `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
    );
  }
  return isEqual(before, after) ? [] : [{ pointer, before, after }];
}

function isEqual(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => isEqual(item, b[i]));
  if (isObject(a) && isObject(b)) return compareFields(a, b).length === 0;
  return a === b;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(record: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
