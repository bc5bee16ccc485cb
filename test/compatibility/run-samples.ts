/**
 * What our code makes of the samples, and what is expected of it: InvenioRDM's golden, changed by the decided rules.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { VocabSyncError } from '../../src/errors.ts';
import { isFailure } from '../../src/records/entry.ts';
import { isJsonObject, type JsonObject } from '../../src/records/json-object.ts';
import { parseFlatRdf } from '../support/flat-rdf.ts';
import { runConfigOn } from '../support/run-job-folder.ts';
import { rules as cordisRules, type Output } from '../transformers/cordis-differences.ts';
import {
  organizationRules,
  projectRules,
  type Outcome as OpenaireOutcome,
} from '../transformers/openaire-differences.ts';
import { orcidRules, type GoldenLine } from '../transformers/orcid-differences.ts';
import { rules as rorRules, type Vocabulary } from '../transformers/ror-differences.ts';
import type { RorRecord } from '../transformers/ror-record.ts';
import { rules as subjectRules, type Sources, type Subject } from '../transformers/subjects-differences.ts';
import { decisionFor, type Decision, type Fact } from './facts.ts';
import type { ReadingCase } from './reading-cases.ts';
import { factsOf, type Sample } from './samples.ts';
import { orcidDocument } from './write-xml.ts';

export interface InvenioLine {
  readonly in?: string;
  readonly out?: Output;
  /** Why InvenioRDM's record schema refuses the record. */
  readonly refused?: unknown;
  readonly error?: string;
  readonly crash?: string;
}

/** A record, or the code with which it is filtered or rejected. `*` means any code. */
export type Outcome = { readonly record: Output } | { readonly filtered: string } | { readonly rejected: string };

export interface OurOutcome {
  readonly outcome: Outcome;
  readonly warns: readonly string[];
}

interface Golden<Line> {
  readonly digest: string;
  readonly lines: readonly Line[];
}

export function readGolden<Line>(name: string): Golden<Line> {
  const text = readFileSync(join(import.meta.dirname, 'goldens', `${name}.jsonl`), 'utf8');
  const [head, ...lines] = text.trimEnd().split('\n');
  const { sample } = JSON.parse(head ?? '') as { readonly sample: string };
  return { digest: sample, lines: lines.map((line) => JSON.parse(line) as Line) };
}

export interface CaseOutcome {
  /** Values, and the codes of what is rejected. */
  readonly items: readonly unknown[];
  /** The code of the error that ends the run. */
  readonly error?: string;
  readonly warns?: readonly string[];
}

/** What comes of the files of a case, in the shape in which the case says it. */
export async function ourCaseOutcome({ files, invenio }: ReadingCase): Promise<CaseOutcome> {
  const warns: string[] = [];
  const warn = ({ code }: { readonly code: string }): void => {
    warns.push(code);
  };
  const config = {
    id: 'reading',
    title: 'Reading',
    readers: [{ type: 'file', args: { path: 'input' } }, ...invenio.readers],
    transformers: invenio.transformers ?? [],
    writers: [{ type: 'postgres', args: { table: 'reading' } }],
  } as unknown as JsonObject;
  const items: unknown[] = [];
  let error: string | undefined;
  try {
    for await (const { item } of runConfigOn(config, files, warn, true)) {
      items.push(isFailure(item) ? item.error.code : item.value);
    }
  } catch (thrown) {
    if (!(thrown instanceof VocabSyncError)) throw thrown;
    error = thrown.code;
  }
  return { items, ...(error === undefined ? {} : { error }), ...(warns.length === 0 ? {} : { warns }) };
}

/** In the order of the facts. */
export async function ourOutcomes(sample: Sample): Promise<readonly OurOutcome[]> {
  const facts = factsOf(sample);
  const found: (OurOutcome & { readonly iri: unknown })[] = [];
  const warn = ({ code }: { readonly code: string }): void => {
    throw new Error(`${sample.name}: the reader warned with ${code}`);
  };
  for await (const { item, result, warnings } of runConfigOn(sample.config, sample.write(facts), warn)) {
    const outcome: Outcome =
      result.kind === 'staged'
        ? { record: result.document.value }
        : result.kind === 'filtered'
          ? { filtered: result.code }
          : { rejected: result.rejection.code };
    const iri = !isFailure(item) && isJsonObject(item.value) ? item.value['id'] : undefined;
    found.push({ outcome, warns: warnings.map(({ code }) => code), iri });
  }
  if (found.length !== facts.length)
    throw new Error(`${sample.name}: ${String(found.length)} of ${String(facts.length)} entries`);
  const { iriOf } = sample;
  if (iriOf === undefined) return found;
  return facts.map((fact) => {
    const own = found.find(({ iri }) => iri === iriOf(fact));
    if (own === undefined) throw new Error(`${sample.name}: there is no ${iriOf(fact)}`);
    return own;
  });
}

/** InvenioRDM's line for each fact. */
export function linesOf(sample: Sample): readonly InvenioLine[] {
  const { lines } = readGolden<InvenioLine>(sample.name);
  const { iriOf } = sample;
  if (iriOf === undefined) return lines;
  const byIri = new Map(lines.map((line) => [line.in, line] as const));
  return factsOf(sample).map((fact) => byIri.get(iriOf(fact)) ?? {});
}

export function theirOutcome({ out }: InvenioLine): Outcome {
  return out === undefined ? { rejected: '*' } : { record: out };
}

export interface Expected {
  readonly outcome: Outcome;
  readonly warns: readonly string[];
  /** The rules that changed something. */
  readonly rules: readonly string[];
}

/** The golden, changed by the rules of the differences and then by what the facts table says of the record. */
export function expectedOutcome(sample: Sample, fact: Fact, line: InvenioLine, sources: Sources): Expected {
  const rules: string[] = [];
  const count = (rule: string): void => {
    rules.push(rule);
  };
  const decision = decisionFor(fact, sample.name);
  const outcome = decide(applyRules(sample, fact, line, sources, count), decision);
  return { outcome, warns: decision?.warns ?? [], rules };
}

function decide(outcome: Outcome, decision: Decision | undefined): Outcome {
  if (decision === undefined) return outcome;
  const { set, leave_out: leaveOut = [], filtered, rejected } = decision;
  if (filtered !== undefined) return { filtered };
  if (rejected !== undefined) return { rejected };
  if (set === undefined && leaveOut.length === 0) return outcome;
  const record = { ...('record' in outcome ? outcome.record : {}), ...set };
  return { record: Object.fromEntries(Object.entries(record).filter(([key]) => !leaveOut.includes(key))) };
}

function applyRules(
  sample: Sample,
  fact: Fact,
  line: InvenioLine,
  sources: Sources,
  count: (rule: string) => void,
): Outcome {
  if (sample.table === 'orcid') return applyOrcidRules(fact, line, count);
  if (sample.table.startsWith('openaire-')) return applyOpenaireRules(sample, fact, line, count);
  if (line.out === undefined) return theirOutcome(line);
  let record = line.out;
  for (const { name, apply } of recordRules(sample, fact, sources)) {
    const next = apply(record);
    if (!isDeepStrictEqual(next, record)) count(name);
    record = next;
  }
  return { record };
}

interface RecordRule {
  readonly name: string;
  readonly apply: (output: Output) => Output;
}

function recordRules(sample: Sample, fact: Fact, sources: Sources): readonly RecordRule[] {
  switch (sample.table) {
    case 'ror': {
      const [written] = JSON.parse(String(sample.write([fact])[0]?.content)) as [RorRecord];
      const vocabulary = sample.name.slice('ror-'.length) as Vocabulary;
      return rorRules
        .filter(({ vocabularies }) => vocabularies?.includes(vocabulary) !== false)
        .map(({ name, apply }) => ({ name, apply: (output) => apply({ ...output }, written) }));
    }
    case 'cordis':
      return cordisRules;
    case 'edmo':
      return [{ name: 'names of EDMO are trimmed', apply: trimNames }];
    case 'mesh':
      return [];
    default: {
      const iri = sample.iriOf?.(fact) ?? '';
      // Concepts of NVS have no parents in InvenioRDM.
      const own = sample.table === 'nvs' ? { ...sources, of: withoutParents(sources) } : sources;
      return subjectRules.map(({ name, apply }) => ({
        name,
        apply: (output) => apply(output as unknown as Subject, iri, own) as unknown as Output,
      }));
    }
  }
}

function trimNames(output: Output): Output {
  const name = String(output['name']).trim();
  return { ...output, name, title: { en: name } };
}

function withoutParents({ of }: Sources): Sources['of'] {
  return (iri) => {
    const concept = of(iri);
    return concept === undefined ? undefined : { ...concept, broader: [] };
  };
}

/** The concepts of a thesaurus, picked out of its document by patterns. */
export function sourcesOf(sample: Sample): Sources {
  if (sample.iriOf === undefined) return { of: () => undefined, nameParent: () => undefined };
  const concepts = parseFlatRdf(String(sample.write(factsOf(sample))[0]?.content));
  return {
    of: (iri) => concepts.get(iri),
    nameParent: (iri) => {
      if (sample.table === 'gemet') return `gemet:${iri.split('/').slice(-2).join('/')}`;
      const number = concepts.get(iri)?.notations.find((notation) => /^\d+$/.test(notation));
      return number === undefined ? undefined : `euroscivoc:${number}`;
    },
  };
}

function applyOrcidRules(fact: Fact, line: InvenioLine, count: (rule: string) => void): Outcome {
  const id = String(fact['orcid']);
  const document = orcidDocument(fact);
  // As UTF-8 where it is not declared otherwise: what is not UTF-8 becomes U+FFFD.
  const isWrong = fact['bytes'] === 'latin1' && !document.includes('ISO-8859-1');
  const bytes = isWrong ? Buffer.from(document, 'latin1').toString('utf8') : document;
  const text = bytes.replaceAll(/&#(\d+);/g, (_whole, code: string) => String.fromCodePoint(Number(code)));
  const { out, error } = line;
  const golden: GoldenLine = {
    origin: '',
    in_id: id,
    ...(out === undefined ? {} : { out }),
    ...(error === undefined ? {} : { error }),
    ...(line.crash === undefined ? {} : { crash: true }),
  };
  for (const { name, apply } of orcidRules) {
    const outcome = apply(golden, text);
    if (outcome === undefined) continue;
    count(name);
    return outcome;
  }
  return theirOutcome(line);
}

function applyOpenaireRules(sample: Sample, fact: Fact, line: InvenioLine, count: (rule: string) => void): Outcome {
  const source = JSON.parse(String(sample.write([fact])[0]?.content)) as Readonly<Record<string, unknown>>;
  const golden = { in_id: String(source['id']), ...(line.out === undefined ? {} : { out: line.out }) };
  let outcome: OpenaireOutcome = line.out ?? 'rejected';
  for (const { name, apply } of sample.table === 'openaire-projects' ? projectRules : organizationRules) {
    const next = apply(outcome, source, golden);
    if (!isDeepStrictEqual(next, outcome)) count(name);
    outcome = next;
  }
  if (outcome === 'rejected') return { rejected: '*' };
  return outcome === 'filtered' ? { filtered: '*' } : { record: outcome };
}

/** Whether an outcome is the expected one; `*` means any code. */
export function isExpected(found: Outcome, expected: Outcome): boolean {
  if ('rejected' in expected && expected.rejected === '*') return 'rejected' in found;
  if ('filtered' in expected && expected.filtered === '*') return 'filtered' in found;
  return isDeepStrictEqual(found, expected);
}
