/**
 * How an element becomes a value, the same for every parser of it. Names are in lower case and without prefix, an
 * attribute is `@name`, text is `#text`; a repeated element is a list, a single one is not. An element with neither
 * attributes nor children is its text, or null where it has none. Declarations of namespaces are left out.
 */

/** The elements that are looked at, below one element; everything else may be left out. */
export interface WantedElements {
  /** By name. Undefined = the whole of that child. */
  readonly children: ReadonlyMap<string, WantedElements | undefined>;
}

/** From paths of names below the record, such as `person/name`. Undefined paths = everything. */
export function wantedElements(paths: readonly string[] | undefined): WantedElements | undefined {
  if (paths === undefined) return undefined;
  const children = new Map<string, WantedElements | undefined>();
  for (const path of paths) addPath(children, path.toLowerCase().split('/'));
  return { children };
}

export interface WantedPaths {
  readonly elements: WantedElements | undefined;
  /** The names of root elements that may occur instead of a record. */
  readonly roots: ReadonlySet<string>;
}

const EVERYTHING: WantedPaths = { elements: undefined, roots: new Set() };
const known = new WeakMap<readonly string[], WantedPaths>();

/** What the paths of a transformer mean (see ReadContext.wanted). Asked for each document, and made once. */
export function wantedOf(paths: readonly string[] | undefined): WantedPaths {
  if (paths === undefined) return EVERYTHING;
  const found = known.get(paths);
  if (found !== undefined) return found;
  const wanted = {
    elements: wantedElements(paths.filter((path) => !path.startsWith('/'))),
    roots: new Set(paths.filter((path) => path.startsWith('/')).map((path) => localName(path.slice(1)))),
  };
  known.set(paths, wanted);
  return wanted;
}

function addPath(children: Map<string, WantedElements | undefined>, path: readonly string[]): void {
  const [name, ...rest] = path;
  if (name === undefined || name === '') return;
  const before = children.get(name);
  if (children.has(name) && before === undefined) return;
  if (rest.length === 0) {
    children.set(name, undefined);
    return;
  }
  const below = new Map(before?.children);
  addPath(below, rest);
  children.set(name, { children: below });
}

/** `person:given-names` and `Person:Given-Names` are `given-names`. */
export function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1).toLowerCase();
}

/** Returns whether an attribute declares a namespace. */
export function isDeclaration(name: string): boolean {
  return name.startsWith('xmlns') && (name.length === 5 || name[5] === ':');
}

export type XmlObject = Record<string, unknown>;

/** False where the name is taken: then `attributeKeys` tells the attributes of the tag apart. */
export function addAttribute(object: XmlObject, name: string, value: string): boolean {
  const key = `@${localName(name)}`;
  if (Object.hasOwn(object, key)) return false;
  object[key] = value;
  return true;
}

/**
 * The key of each attribute of one tag: `@` and its local name in lower case. Of several with the same, such as `lang` and
 * `xml:lang`, one has it, by preference the one without prefix; the others keep their names as they are written.
 */
export function attributeKeys(names: readonly string[]): readonly string[] {
  const rank = (name: string): number => (name === localName(name) ? 0 : name.includes(':') ? 2 : 1);
  const order = names.map((name, i) => ({ name, i })).sort((a, b) => rank(a.name) - rank(b.name) || a.i - b.i);
  const keys: string[] = [];
  const taken = new Set<string>();
  for (const { name, i } of order) {
    const local = `@${localName(name)}`;
    const key = taken.has(local) ? `@${name}` : local;
    taken.add(key);
    keys[i] = key;
  }
  return keys;
}

export function addChild(object: XmlObject, key: string, value: unknown): void {
  if (!Object.hasOwn(object, key)) {
    if (key === '__proto__')
      Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
    else object[key] = value;
    return;
  }
  const before = object[key];
  if (Array.isArray(before)) before.push(value);
  else object[key] = [before, value];
}

/**
 * The value of an element, once it is closed. `object` is absent without attributes and children, `text` without any.
 */
export function finishElement(object: XmlObject | undefined, text: string | undefined): unknown {
  if (object === undefined) return text === undefined ? null : text.trim();
  const trimmed = text?.trim() ?? '';
  if (trimmed !== '') object['#text'] = trimmed;
  return object;
}
