/** The components of a task, ready to work: looked up in the catalog, args parsed, secrets resolved just before use. */
import type { Catalog, ComponentSet } from '../../component/catalog.ts';
import type {
  ContainerReader,
  ParserReader,
  Reader,
  RecordSourceReader,
  SourceReader,
} from '../../component/reader.ts';
import type { Transformer } from '../../component/transformer.ts';
import type { Writer } from '../../component/writer.ts';
import { ConfigError, InternalError } from '../../errors.ts';
import type { ComponentConfig, Task } from '../schema/job.ts';
import type { Layer } from '../../records/layers.ts';
import { isWithin } from '../pointer.ts';
import { findSecretRefs } from './references.ts';
import { resolveSecrets, type ResolveSecret } from '../secrets.ts';
import { parseWithSchema } from '../check/zod-findings.ts';

export interface ParsedChain {
  readonly source: { readonly reader: SourceReader | RecordSourceReader; readonly args: unknown };
  /** Containers, outermost first, then the one parser; a record source is the parser of what it fetched. */
  readonly links: readonly ParsedLink[];
  readonly transformers: readonly { readonly transformer: Transformer; readonly args: unknown }[];
  readonly writers: readonly ParsedWriter[];
}

interface ParsedWriter {
  readonly writer: Writer;
  readonly args: unknown;
  /** See ComponentConfig. */
  readonly layer: Layer | undefined;
}

interface ParsedLink {
  readonly reader: ContainerReader | ParserReader | RecordSourceReader;
  readonly args: unknown;
  /** For the parser; see ReadContext. */
  readonly wanted?: readonly string[];
}

/**
 * Parses a task of a checked or frozen job. Throws ConfigError E_SECRET_NOT_FOUND, or E_JOB_INVALID where a secret does
 * not fit.
 */
export async function parseChain(task: Task, catalog: Catalog, resolve: ResolveSecret): Promise<ParsedChain> {
  const readers: { readonly reader: Reader; readonly args: unknown }[] = [];
  for (const config of task.readers) {
    const reader = await load(config, catalog.readers);
    readers.push({ reader, args: parseArgs(config, reader, resolve) });
  }
  const [first, ...rest] = readers;
  if (first?.reader.accepts !== 'nothing') throw broken(task, 'does not begin with a source');
  const readsItself = first.reader.emits === 'records';
  const links = [...(readsItself ? [first] : []), ...rest].map(({ reader, args }): ParsedLink => {
    if (reader.accepts === 'nothing' && reader.emits === 'bytes') throw broken(task, 'has a second source');
    return { reader, args };
  });
  const parser = links.pop();
  if (parser?.reader.emits !== 'records') throw broken(task, 'does not end with a parser');
  const transformers: ParsedChain['transformers'][number][] = [];
  for (const config of task.transformers) {
    const transformer = await load(config, catalog.transformers);
    transformers.push({ transformer, args: parseArgs(config, transformer, resolve) });
  }
  const wanted = transformers[0]?.transformer.reads;
  return {
    source: { reader: first.reader, args: first.args },
    links: [...links, wanted === undefined ? parser : { ...parser, wanted }],
    transformers,
    writers: await parseWriters(task, catalog, resolve),
  };
}

/** The writers alone, for what only publishes. */
export async function parseWriters(
  task: Task,
  catalog: Catalog,
  resolve: ResolveSecret,
): Promise<ParsedChain['writers']> {
  const writers: ParsedWriter[] = [];
  for (const config of task.writers) {
    const writer = await load(config, catalog.writers);
    writers.push({ writer, args: parseArgs(config, writer, resolve), layer: config.layer });
  }
  return writers;
}

/** A frozen job may be of a release that had other components. */
async function load<C>({ type }: ComponentConfig, known: ComponentSet<C>): Promise<C> {
  const component = await known.load(type);
  if (component !== undefined) return component;
  throw new InternalError('E_INTERNAL', `The component "${type}" of a checked job is not in the catalog.`);
}

function parseArgs(config: ComponentConfig, component: Reader | Transformer | Writer, resolve: ResolveSecret): unknown {
  const result = parseWithSchema(component.args, resolveSecrets(config.args, resolve));
  if (result.ok) return result.value;
  const secrets = findSecretRefs(config.args).map(({ pointer }) => pointer);
  const lines = result.findings.map(({ pointer, message, expected }) => {
    const isSecret = secrets.some((secret) => isWithin(pointer, secret));
    return `${pointer}: ${isSecret ? `expected ${expected ?? 'another text'}; the secret does not fit` : message}`;
  });
  const message = `The args of "${config.type}" cannot be used: ${lines.join('; ')}. Correct the job or the secret.`;
  throw new ConfigError('E_JOB_INVALID', message, { details: { component: config.type } });
}

function broken(task: Task, what: string): InternalError {
  return new InternalError('E_INTERNAL', `The chain of the checked task "${task.name}" ${what}.`);
}
