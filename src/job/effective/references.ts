/** The two references of a job file: {"$secret": "env:NAME"} to a credential, {"$arg": "name"} to an argument of the run. */
import { getOwn, isJsonObject, mapObject } from '../../records/json-object.ts';
import { toPointer, type Path } from '../pointer.ts';

export interface Reference {
  readonly kind: '$secret' | '$arg';
  /** `env:NAME`, `file:/path` or the name of an argument; anything else as it was written. */
  readonly name: unknown;
  readonly path: Path;
}

/** `${args.name}` inside a longer text. */
export const ARGUMENT_IN_TEXT = /\$\{args\.([A-Za-z_][A-Za-z0-9_-]*)\}/g;

const SECRET = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:\/.+)$/;
export const SECRET_PATTERN = SECRET.source;

export function isSecretName(name: unknown): name is string {
  return typeof name === 'string' && SECRET.test(name);
}

/** The kind of reference that an object is meant to be, also when it is malformed. */
export function referenceKind(value: unknown): Reference['kind'] | undefined {
  if (!isJsonObject(value)) return undefined;
  if (Object.hasOwn(value, '$secret')) return '$secret';
  return Object.hasOwn(value, '$arg') ? '$arg' : undefined;
}

export function findReferences(value: unknown, path: Path = []): Reference[] {
  const kind = referenceKind(value);
  if (kind !== undefined && isJsonObject(value)) return [{ kind, name: getOwn(value, kind), path }];
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => findReferences(item, [...path, index]));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => findReferences(inner, [...path, key]));
}

/** A copy with every reference of one kind replaced. */
export function replaceReferences(
  value: unknown,
  kind: Reference['kind'],
  replace: (name: unknown, path: Path) => unknown,
  path: Path = [],
): unknown {
  if (isJsonObject(value) && referenceKind(value) === kind) return replace(getOwn(value, kind), path);
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => replaceReferences(item, kind, replace, [...path, index]));
  }
  if (!isJsonObject(value)) return value;
  return mapObject(value, (inner, key) => replaceReferences(inner, kind, replace, [...path, key]));
}

/** The pointers of the `$secret` references in `value`, with what they name. */
export function findSecretRefs(value: unknown): { readonly pointer: string; readonly name: unknown }[] {
  return findReferences(value)
    .filter(({ kind }) => kind === '$secret')
    .map(({ name, path }) => ({ pointer: toPointer(path), name }));
}

/** The names of the arguments that are read anywhere in a value. */
export function argumentNames(value: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  const look = (inner: unknown): void => {
    if (typeof inner === 'string') for (const match of inner.matchAll(ARGUMENT_IN_TEXT)) names.add(match[1] ?? '');
    else if (Array.isArray(inner)) inner.forEach(look);
    else if (isJsonObject(inner)) {
      const name = referenceKind(inner) === '$arg' ? getOwn(inner, '$arg') : undefined;
      if (typeof name === 'string') names.add(name);
      else if (referenceKind(inner) !== '$secret') Object.values(inner).forEach(look);
    }
  };
  look(value);
  return names;
}
