/** Whether a namespace knows our search attributes. A missing one would refuse every start, or leave a run stuck. */
import type { ConnectionLike } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../workflows/search-attributes.ts';
import { messageOf } from '../errors.ts';
import { failingAs } from './client.ts';

export { SEARCH_ATTRIBUTES };

export type SearchAttributeCheck =
  | { readonly kind: 'ok' }
  /** `command` registers them. */
  | {
      readonly kind: 'missing';
      readonly missing: readonly string[];
      readonly command: string;
      readonly message: string;
    }
  /** Another program uses the name with another type. Only an administrator can decide which is right. */
  | { readonly kind: 'conflict'; readonly message: string }
  /** The server does not let us look (its authorizer asks for operator rights). */
  | { readonly kind: 'unknown'; readonly message: string };

/** The numbers of `IndexedValueType` on the wire. */
const TYPES = { KEYWORD: { wire: 2, label: 'Keyword' }, INT: { wire: 3, label: 'Int' } } as const;
const WIRE_NAMES = ['Unspecified', 'Text', 'Keyword', 'Int', 'Double', 'Bool', 'Datetime', 'KeywordList'];

/** The connection of a client or of a worker. */
export type OperatorConnection = Pick<ConnectionLike, 'operatorService'>;

/** `address` is that of the server, for the command that registers them. Run when a worker starts and by `doctor`. Throws only when the server cannot be reached. */
export async function preflightSearchAttributes(
  connection: OperatorConnection,
  namespace: string,
  address?: string,
): Promise<SearchAttributeCheck> {
  let registered: Readonly<Record<string, number>>;
  try {
    registered = await list(connection, namespace);
  } catch (thrown) {
    if (!isForbidden(thrown)) throw thrown;
    return {
      kind: 'unknown',
      message: `The search attributes of namespace ${namespace} cannot be looked up: ${messageOf(thrown)}`,
    };
  }
  const conflicts = SEARCH_ATTRIBUTES.filter(
    ({ name, type }) => (registered[name] ?? TYPES[type].wire) !== TYPES[type].wire,
  );
  if (conflicts.length > 0) return conflict(conflicts, registered, namespace);
  const missing = SEARCH_ATTRIBUTES.filter(({ name }) => registered[name] === undefined);
  return missing.length === 0 ? { kind: 'ok' } : missingOf(missing, namespace, address);
}

/** Registers what is missing, where that is allowed: the dev server, a namespace of one's own. Idempotent. */
export async function ensureSearchAttributes(
  connection: OperatorConnection,
  namespace: string,
): Promise<SearchAttributeCheck> {
  const check = await preflightSearchAttributes(connection, namespace);
  if (check.kind !== 'missing') return check;
  const missing = SEARCH_ATTRIBUTES.filter(({ name }) => check.missing.includes(name));
  await failingAs(`register search attributes in namespace ${namespace}`, () =>
    connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map(({ name, type }) => [name, TYPES[type].wire])),
    }),
  );
  return preflightSearchAttributes(connection, namespace);
}

async function list(connection: OperatorConnection, namespace: string): Promise<Readonly<Record<string, number>>> {
  return failingAs(`look up the search attributes of namespace ${namespace}`, async () => {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return customAttributes;
  });
}

type Attribute = (typeof SEARCH_ATTRIBUTES)[number];

function missingOf(missing: readonly Attribute[], namespace: string, address?: string): SearchAttributeCheck {
  const flags = missing.map(({ name, type }) => `--name ${name} --type ${TYPES[type].label}`);
  const at = address === undefined || address === '' ? '' : `--address ${address} `;
  const command = `temporal operator search-attribute create ${at}--namespace ${namespace} ${flags.join(' ')}`;
  const names = missing.map(({ name }) => name);
  return {
    kind: 'missing',
    missing: names,
    command,
    message: `The namespace ${namespace} lacks the search attributes ${names.join(', ')}. Register them with: ${command}`,
  };
}

function conflict(
  attributes: readonly Attribute[],
  registered: Readonly<Record<string, number>>,
  namespace: string,
): SearchAttributeCheck {
  const found = attributes.map(({ name, type }) => {
    const wire = registered[name] ?? 0;
    return `${name} is ${WIRE_NAMES[wire] ?? String(wire)}, expected ${TYPES[type].label}`;
  });
  return {
    kind: 'conflict',
    message: `The namespace ${namespace} has search attributes of another type: ${found.join('; ')}.`,
  };
}

function isForbidden(thrown: unknown): boolean {
  const cause: unknown = thrown instanceof Error ? thrown.cause : undefined;
  return typeof cause === 'object' && cause !== null && 'code' in cause && (cause.code === 7 || cause.code === 12);
}
