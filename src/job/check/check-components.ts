/** Checks each component by itself (its type is known, its args fit its own schema), and the chain of readers of a task. */
import type { Catalog, ComponentSet } from '../../component/catalog.ts';
import type { Reader } from '../../component/reader.ts';
import type { Transformer } from '../../component/transformer.ts';
import type { Writer } from '../../component/writer.ts';
import { getOwn, isJsonObject } from '../../records/json-object.ts';
import type { DraftComponent, ComponentKind } from '../effective/draft-task.ts';
import { toArgsSchema } from '../schema/args-schema.ts';
import { isWithin, toPointer } from '../pointer.ts';
import type { Finding, Report } from './problem.ts';
import { findReferences, replaceReferences } from '../effective/references.ts';
import { didYouMean, suggest } from './suggest.ts';
import { parseWithSchema } from './zod-findings.ts';

export interface CheckedComponent<C> {
  readonly draft: DraftComponent;
  readonly component: C;
  /** Returns the parsed args with references replaced by placeholders; undefined if they are invalid. */
  readonly args: { readonly value: unknown } | undefined;
}

/** Undefined for what is not known: it has been reported. */
export function checkReader(
  draft: DraftComponent,
  catalog: Catalog,
  report: Report,
): Promise<CheckedComponent<Reader> | undefined> {
  return check(draft, catalog.readers, catalog, report);
}

export function checkTransformer(
  draft: DraftComponent,
  catalog: Catalog,
  report: Report,
): Promise<CheckedComponent<Transformer> | undefined> {
  return check(draft, catalog.transformers, catalog, report);
}

export function checkWriter(
  draft: DraftComponent,
  catalog: Catalog,
  report: Report,
): Promise<CheckedComponent<Writer> | undefined> {
  return check(draft, catalog.writers, catalog, report);
}

async function check<C extends Reader | Transformer | Writer>(
  draft: DraftComponent,
  known: ComponentSet<C>,
  catalog: Catalog,
  report: Report,
): Promise<CheckedComponent<C> | undefined> {
  const component = await known.load(draft.type);
  if (component === undefined) {
    reportUnknown(draft, known.types, catalog, report);
    return undefined;
  }
  reportDeprecated(draft, component, report);
  const parsed = parseArgs(component, draft);
  for (const finding of parsed.findings) report(finding);
  reportLiteralSecrets(component, draft, report);
  return { draft, component, args: parsed.args };
}

/** An argument that is marked `writeOnly` in its schema is a secret, whatever its name. */
function reportLiteralSecrets(component: Reader | Transformer | Writer, draft: DraftComponent, report: Report): void {
  if (!isJsonObject(draft.args)) return;
  const texts = Object.entries(draft.args).filter(([, value]) => typeof value === 'string');
  // Making a schema takes several milliseconds of each command that reads a job.
  const properties = texts.length === 0 ? undefined : getOwn(toArgsSchema(component.args), 'properties');
  if (!isJsonObject(properties)) return;
  for (const [key] of texts) {
    const schema = getOwn(properties, key);
    if (!isJsonObject(schema) || getOwn(schema, 'writeOnly') !== true) continue;
    const suggestion = `{"$secret": "env:${key.toUpperCase()}"}`;
    report({
      severity: 'error',
      pointer: `${draft.pointer}/args/${key}`,
      message: `expected a reference such as ${suggestion}, found a literal value: a job file holds no credentials`,
      expected: 'a $secret reference',
      found: 'a literal value (not shown)',
      suggestion,
    });
  }
}

function reportDeprecated(draft: DraftComponent, component: Reader | Transformer | Writer, report: Report): void {
  if (!('deprecated' in component)) return;
  const message = `"${draft.type}" is an older name: ${component.deprecated}`;
  report({ severity: 'warning', pointer: `${draft.pointer}/type`, message });
}

function parseArgs(
  component: Reader | Transformer | Writer,
  draft: DraftComponent,
): { findings: readonly Finding[]; args: { value: unknown } | undefined } {
  const at = `${draft.pointer}/args`;
  const references = findReferences(draft.args).map(({ path }) => at + toPointer(path));
  const standIn = (): string => 'stand-in';
  const args = replaceReferences(replaceReferences(draft.args, '$secret', standIn), '$arg', standIn);
  const result = parseWithSchema(component.args, args, at);
  if (result.ok) return { findings: [], args: { value: result.value } };
  const findings = result.findings.filter(
    ({ pointer, atKey }) => atKey === true || !references.some((place) => isWithin(pointer, place)),
  );
  return { findings, args: undefined };
}

function reportUnknown(draft: DraftComponent, known: readonly string[], catalog: Catalog, report: Report): void {
  const pointer = `${draft.pointer}/type`;
  const expected = `one of ${known.join(', ')}`;
  const found = `the text ${JSON.stringify(draft.type)}`;
  const advice = adviseOnInvenio(draft.kind, draft.type);
  if (advice !== undefined) {
    report({ severity: 'error', pointer, expected, found, ...advice });
    return;
  }
  const elsewhere = otherKind(draft, catalog);
  const nearest = elsewhere === undefined ? suggest(draft.type, known) : undefined;
  const hint = elsewhere ?? (nearest === undefined ? `; known are ${known.join(', ')}` : didYouMean(nearest));
  report({
    severity: 'error',
    pointer,
    message: `no ${draft.kind} is called "${draft.type}"${hint}`,
    expected,
    found,
    ...(nearest === undefined ? {} : { suggestion: nearest }),
  });
}

function otherKind({ kind, type }: DraftComponent, catalog: Catalog): string | undefined {
  const kinds = { reader: catalog.readers, transformer: catalog.transformers, writer: catalog.writers };
  for (const [other, components] of Object.entries(kinds)) {
    if (other !== kind && components.types.includes(type)) return `; it is a ${other} and belongs into "${other}s"`;
  }
  return undefined;
}

type Link = CheckedComponent<Reader> | undefined;

/**
 * Checks the chain of readers of a task: one source, then containers, then exactly one parser. A record source is both
 * ends of the chain. After `file` it parses the file instead of fetching; `--input` uses this.
 *
 * `links` has a hole where a type is unknown; its neighbours are not checked then.
 */
export async function checkChain(links: readonly Link[], catalog: Catalog, report: Report): Promise<void> {
  for (const [index, link] of links.entries()) {
    if (link === undefined) continue;
    const before = links.slice(0, index).findLast((other) => other?.component.emits === 'records');
    const problem = index === 0 ? await firstProblem(link, catalog) : laterProblem(link, before, links[index - 1]);
    if (problem !== undefined) report({ severity: 'error', pointer: link.draft.pointer, message: problem });
  }
  const last = links.at(-1);
  if (last?.component.emits !== 'bytes') return;
  const parsers = await typesOf(catalog, (reader) => reader.accepts === 'bytes' && reader.emits === 'records');
  report({
    severity: 'error',
    pointer: last.draft.pointer,
    message: `"${last.component.type}" emits bytes, but nothing turns them into records: add ${parsers} after it`,
    expected: 'a reader that emits records at the end of the chain',
    found: `"${last.component.type}", which emits bytes`,
  });
}

async function firstProblem({ component }: CheckedComponent<Reader>, catalog: Catalog): Promise<string | undefined> {
  if (component.accepts === 'nothing') return undefined;
  const sources = await typesOf(catalog, (reader) => reader.accepts === 'nothing' && reader.emits === 'bytes');
  return `"${component.type}" needs bytes to read, but nothing stands before it: begin the chain with ${sources}`;
}

/** The source that `--input` puts into a chain. */
const STAND_IN = 'file';

function laterProblem({ component }: CheckedComponent<Reader>, before: Link, previous: Link): string | undefined {
  const readsStandIn = component.emits === 'records' && previous?.component.type === STAND_IN;
  if (component.accepts === 'nothing' && !readsStandIn) {
    return `"${component.type}" fetches a source by itself and takes nothing from a reader before it: it can only stand first`;
  }
  if (before === undefined) return undefined;
  return `"${component.type}" takes bytes, but "${before.component.type}" before it has made records of them already: remove one of the two`;
}

async function typesOf(catalog: Catalog, fits: (reader: Reader) => boolean): Promise<string> {
  const types = (await catalog.readers.loadAll()).filter(fits).map((reader) => reader.type);
  return types.length < 2 ? types.join('') : `${types.slice(0, -1).join(', ')} or ${types.at(-1) ?? ''}`;
}

interface InvenioAdvice {
  readonly message: string;
  readonly suggestion: string;
}

/**
 * Says what to use in place of a writer of a pasted config of InvenioRDM that lacks an argument. Undefined where the type
 * is not one of InvenioRDM's either.
 */
export function adviseOnInvenio(kind: ComponentKind, type: string): InvenioAdvice | undefined {
  if (kind === 'writer' && type === 'yaml') {
    const suggestion = JSON.stringify({ type: 'file', args: { path: 'FILE.yaml' } });
    const message = `the writer "yaml" of InvenioRDM is called "file" here, and its "filepath" is "path": ${suggestion}`;
    return { message, suggestion };
  }
  if (kind !== 'writer' || type !== 'service') return undefined;
  const suggestion = JSON.stringify({ type: 'target', args: { name: 'affiliations' } });
  const message = `the writer "${type}" names no vocabulary; name the target that is bound to it: ${suggestion}`;
  return { message, suggestion };
}
