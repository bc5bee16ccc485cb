/** Each component by itself: its type is known, its args fit its own schema. */
import type { Catalog } from '../../component/catalog.ts';
import type { Reader } from '../../component/reader.ts';
import type { Transformer } from '../../component/transformer.ts';
import type { Writer } from '../../component/writer.ts';
import type { DraftComponent } from '../effective/draft-task.ts';
import { adviseOnInvenio } from './invenio-components.ts';
import { isWithin, toPointer } from '../pointer.ts';
import type { Finding, Report } from './problem.ts';
import { findReferences, replaceReferences } from '../effective/references.ts';
import { didYouMean, suggest } from './suggest.ts';
import { parseWithSchema } from './zod-findings.ts';

export interface CheckedComponent<C> {
  readonly draft: DraftComponent;
  readonly component: C;
  /** Parsed args, references replaced by a stand-in; undefined where they do not fit. */
  readonly args: { readonly value: unknown } | undefined;
}

/** Undefined for what is not known: it has been reported. */
export function checkReader(
  draft: DraftComponent,
  catalog: Catalog,
  report: Report,
): CheckedComponent<Reader> | undefined {
  return check(draft, catalog.readers, catalog, report);
}

export function checkTransformer(
  draft: DraftComponent,
  catalog: Catalog,
  report: Report,
): CheckedComponent<Transformer> | undefined {
  return check(draft, catalog.transformers, catalog, report);
}

export function checkWriter(
  draft: DraftComponent,
  catalog: Catalog,
  report: Report,
): CheckedComponent<Writer> | undefined {
  return check(draft, catalog.writers, catalog, report);
}

function check<C extends Reader | Transformer | Writer>(
  draft: DraftComponent,
  known: ReadonlyMap<string, C>,
  catalog: Catalog,
  report: Report,
): CheckedComponent<C> | undefined {
  const component = known.get(draft.type);
  if (component === undefined) {
    reportUnknown(draft, [...known.keys()], catalog, report);
    return undefined;
  }
  reportDeprecated(draft, component, report);
  const parsed = parseArgs(component, draft);
  for (const finding of parsed.findings) report(finding);
  return { draft, component, args: parsed.args };
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
    if (other !== kind && components.has(type)) return `; it is a ${other} and belongs into "${other}s"`;
  }
  return undefined;
}
