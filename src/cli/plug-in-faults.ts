/** Finds faults in the exports of a plug-in. A plug-in in JavaScript has no compiler that would find them. */
import { describeFound } from '../job/check/problem.ts';
import { suggest } from '../job/check/suggest.ts';
import { getOwn, isJsonObject, type JsonObject } from '../records/json-object.ts';

const KINDS = ['readers', 'transformers', 'writers'] as const;
type Kind = (typeof KINDS)[number];

/** Returns a sentence for each fault, with its place, what was expected and found, and what to do. */
export function faultsOfPlugin(exports: object): readonly string[] {
  const names = Object.keys(exports);
  if (!KINDS.some((kind) => names.includes(kind))) return [noExports(names)];
  return KINDS.flatMap((kind) => {
    const list: unknown = (exports as Readonly<Record<string, unknown>>)[kind];
    if (list === undefined) return [];
    if (!Array.isArray(list)) {
      return [
        `${kind}: expected a list of definitions, found ${describe(list)}. Write \`export const ${kind} = [...]\`.`,
      ];
    }
    return (list as readonly unknown[]).flatMap((definition, i) => faultsOf(definition, kind, `${kind}[${String(i)}]`));
  });
}

function noExports(names: readonly string[]): string {
  const near = names.flatMap((name) => {
    const wanted = suggest(name, KINDS);
    return wanted === undefined ? [] : [`; did you mean "${wanted}" in place of "${name}"?`];
  });
  const found = names.length === 0 ? 'nothing' : names.map((name) => `"${name}"`).join(', ');
  const hint =
    near[0] ??
    (names.includes('default')
      ? '. Default exports are not read: export the lists by their names.'
      : '. Export at least one.');
  return `Expected the exports "readers", "transformers" or "writers", found ${found}${hint}`;
}

const REMEDY: Readonly<Record<Kind, string>> = {
  readers: 'Compare it with defineReader in docs/write-a-component.md.',
  transformers: 'Compare it with defineTransformer in docs/write-a-component.md.',
  writers: 'Compare it with defineWriter in docs/write-a-component.md.',
};

function faultsOf(definition: unknown, kind: Kind, place: string): readonly string[] {
  if (typeof definition === 'function') {
    return [`${place}: expected a definition, found a function. Call the function that makes it.`];
  }
  if (definition instanceof Promise) {
    definition.catch(() => undefined);
    return [`${place}: expected a definition, found a promise. Await it before it is exported.`];
  }
  if (!isJsonObject(definition))
    return [`${place}: expected a definition, found ${describe(definition)}. ${REMEDY[kind]}`];
  const type = getOwn(definition, 'type');
  const where = typeof type === 'string' ? `${place} ("${type}")` : place;
  return [...commonRules(definition), ...rulesOf(definition, kind)]
    .filter(({ fits }) => !fits)
    .map(({ key, expected, remedy }) => {
      const found = key in definition ? describe(definition[key]) : 'nothing';
      return `${where}: expected "${key}" to be ${expected}, found ${found}. ${remedy ?? REMEDY[kind]}`;
    });
}

interface Rule {
  readonly key: string;
  readonly expected: string;
  readonly fits: boolean;
  readonly remedy?: string;
}

function commonRules(definition: JsonObject): readonly Rule[] {
  const { type, version, summary, examples, args } = definition;
  return [
    {
      key: 'type',
      expected: 'a name of lower-case letters, digits and single hyphens, such as "acme-terms"',
      fits: typeof type === 'string' && /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(type),
    },
    { key: 'version', expected: 'a whole number from 1', fits: Number.isInteger(version) && Number(version) >= 1 },
    { key: 'summary', expected: 'a text', fits: typeof summary === 'string' && summary !== '' },
    { key: 'examples', expected: 'a list', fits: Array.isArray(examples) },
    {
      key: 'args',
      expected: 'a schema of zod 4',
      // A schema of zod 3, or a plain object, would fail in the middle of a command.
      fits: typeof args === 'object' && args !== null && '_zod' in args,
      remedy: 'Write z.strictObject({ ... }) with zod 4, also if there are no arguments.',
    },
  ];
}

function rulesOf(definition: JsonObject, kind: Kind): readonly Rule[] {
  const { accepts, emits, receives } = definition;
  const method = (key: string): Rule => ({ key, expected: 'a function', fits: typeof definition[key] === 'function' });
  const oneOf = (key: string, values: readonly string[]): Rule => ({
    key,
    expected: values.map((value) => `"${value}"`).join(' or '),
    fits: values.some((value) => definition[key] === value),
  });
  switch (kind) {
    case 'readers':
      return [
        oneOf('accepts', ['nothing', 'bytes']),
        oneOf('emits', ['bytes', 'records']),
        ...(accepts === 'nothing'
          ? [method('locate'), method('fetch'), oneOf('coverage', ['full', 'incremental'])]
          : []),
        ...(accepts === 'bytes' || emits === 'records' ? [method('read')] : []),
      ];
    case 'transformers':
      return [method('create')];
    case 'writers':
      return [
        oneOf('receives', ['table', 'snapshot', 'changes']),
        ...(receives === 'snapshot' || receives === 'changes' ? [method('open')] : []),
      ];
  }
}

function describe(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (value instanceof Promise) return 'a promise';
  return describeFound(value);
}
