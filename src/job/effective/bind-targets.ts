/**
 * Writers that name a target by a logical name, replaced by the writer that VOCAB_SYNC_TARGETS binds to the name: so that
 * one job file serves a test system and production. InvenioRDM's own service writers in a pasted config are such names.
 * A run freezes the result, so a later change of the setting does not affect it.
 */
import { z } from 'zod';
import type { BoundTarget, Catalog } from '../../component/catalog.ts';
import { getOwn, isJsonObject, mapObject, type JsonObject } from '../../records/json-object.ts';
import type { Layer } from '../../records/layers.ts';
import { didYouMean, suggest } from '../check/suggest.ts';
import type { Report } from '../check/problem.ts';
import { toPointer } from '../pointer.ts';

export const TARGET_NAME = /^[a-z][a-z0-9_-]{0,62}$/;

/** For editors: the writer of a job file that names a target. No component of this type exists. */
export const TARGET_WRITER = {
  type: 'target',
  summary: 'Publishes into the target that VOCAB_SYNC_TARGETS binds to a name.',
  args: z.looseObject({
    name: z
      .string()
      .regex(TARGET_NAME)
      .describe('The name, such as `affiliations`. Other keys override the arguments of the bound writer.'),
  }),
};

/** InvenioRDM's writers and their logical names. */
const SERVICES: Readonly<Record<string, string>> = {
  'affiliations-service': 'affiliations',
  'funders-service': 'funders',
  'awards-service': 'awards',
  'names-service': 'names',
  'subjects-service': 'subjects',
};

/** Those of InvenioRDM's writers that only add to the records of another job. */
const LAYERS: Readonly<Record<string, { readonly name: string; readonly layer: Layer }>> = {
  'openaire-affiliations-service': {
    name: 'affiliations',
    layer: { name: 'pic', owns: ['/identifiers[scheme=pic]'] },
  },
  'cordis-awards-service': {
    name: 'awards',
    layer: {
      name: 'cordis',
      owns: ['/subjects', '/organizations', '/program', '/short_description', '/identifiers[scheme=doi]'],
    },
  },
};

export interface BoundConfig {
  /** The config with every logical name replaced. */
  readonly config: JsonObject;
  /** The logical name for the pointer of each writer that was replaced by a bound target. */
  readonly names: ReadonlyMap<string, string>;
  /** The pointers of the values that come from a binding. */
  readonly places: ReadonlySet<string>;
}

interface Logical {
  readonly name: string;
  /** Override the args of the binding. */
  readonly over: JsonObject;
  /** The writer of InvenioRDM, which has a table to fall back to. Undefined for `target`. */
  readonly service: string | undefined;
  readonly layer?: Layer;
}

export function bindTargets(config: JsonObject, { targets }: Pick<Catalog, 'targets'>, report: Report): BoundConfig {
  const names = new Map<string, string>();
  const places = new Set<string>();
  const bindOne = (writer: unknown, at: string): unknown => {
    const logical = isJsonObject(writer) ? toLogical(writer) : undefined;
    if (logical === undefined || !isJsonObject(writer)) return writer;
    const bound = targets.get(logical.name);
    const { layer } = logical;
    const whole = layer === undefined || Object.hasOwn(writer, 'layer') ? writer : { ...writer, layer };
    if (bound === undefined) return { ...whole, ...unbound(logical, at, [...targets.keys()], report) };
    if (logical.service !== undefined && layer === undefined) warnOfUpdate(writer, at, report);
    names.set(at, logical.name);
    places.add(`${at}/type`);
    for (const key of Object.keys(bound.args)) {
      if (!Object.hasOwn(logical.over, key)) places.add(`${at}/args${toPointer([key])}`);
    }
    return { ...whole, type: bound.type, args: { ...bound.args, ...logical.over } };
  };
  const bindLists = (task: JsonObject, base: string): JsonObject =>
    mapObject(task, (value, key) =>
      key === 'writers' && Array.isArray(value)
        ? value.map((writer: unknown, index) => bindOne(writer, `${base}/writers/${String(index)}`))
        : value,
    );
  const flat = bindLists(config, '');
  const tasks = getOwn(flat, 'tasks');
  if (!isJsonObject(tasks)) return { config: flat, names, places };
  const bound = mapObject(tasks, (task, name) =>
    isJsonObject(task) ? bindLists(task, toPointer(['tasks', name])) : task,
  );
  return { config: { ...flat, tasks: bound }, names, places };
}

function toLogical(writer: JsonObject): Logical | undefined {
  const type = getOwn(writer, 'type');
  const given = getOwn(writer, 'args');
  const args = isJsonObject(given) ? given : {};
  if (typeof type !== 'string') return undefined;
  if (type === 'target') {
    const { name, ...over } = args;
    return { name: typeof name === 'string' ? name : '', over, service: undefined };
  }
  const layered = getOwn(LAYERS, type) as (typeof LAYERS)[string] | undefined;
  if (layered !== undefined) return { ...layered, over: {}, service: type };
  const service = type === 'service' ? getOwn(args, 'service_or_name') : getOwn(SERVICES, type);
  return typeof service === 'string' ? { name: service, over: {}, service: type } : undefined;
}

/** A table of the ledger's database for a writer of InvenioRDM. `target` has none, because the job names a target that does not exist. */
function unbound({ name, service }: Logical, at: string, known: readonly string[], report: Report): BoundTarget {
  const table = name.replaceAll('-', '_');
  if (service !== undefined) {
    report({
      severity: 'warning',
      pointer: `${at}/type`,
      message: `no target is bound to "${name}", so "${service}" publishes into the table ${table} of the vocab-sync database. To publish elsewhere, bind "${name}" in the file that VOCAB_SYNC_TARGETS names`,
    });
    return { type: 'postgres', args: { table } };
  }
  const nearest = suggest(name, known);
  const bound = known.length === 0 ? 'none are bound' : `bound are ${known.join(', ')}`;
  report({
    severity: 'error',
    pointer: `${at}/args/name`,
    message: `expected the name of a bound target, found "${name}" (${bound})${nearest === undefined ? '' : didYouMean(nearest)}. Bind it in the file that VOCAB_SYNC_TARGETS names`,
    expected: known.length === 0 ? 'a bound target' : `one of ${known.join(', ')}`,
    found: `the text "${name}"`,
    ...(nearest === undefined ? {} : { suggestion: nearest }),
  });
  return { type: 'postgres', args: { table: 'not_bound' } };
}

function warnOfUpdate(writer: JsonObject, at: string, report: Report): void {
  const args = getOwn(writer, 'args');
  if (isJsonObject(args) && getOwn(args, 'update') === true) return;
  report({
    severity: 'warning',
    pointer: at,
    message:
      'without "update": true InvenioRDM leaves the records alone that it holds already; here a changed record is published',
  });
}
