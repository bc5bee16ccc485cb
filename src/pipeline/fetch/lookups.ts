/**
 * The lookup files of transformers. They are located and fetched with the source, stored with the run, and part of the
 * identity of the source. In a list of fetched files they come after the files of the source.
 */
import { describeFound } from '../../job/check/problem.ts';
import type { FetchContext, FetchedFile, SourceVersion } from '../../component/reader.ts';
import type { Logger } from '../../component/services.ts';
import type { LookupFile, Transform } from '../../component/transformer.ts';
import { InternalError, SourceError, UnavailableError } from '../../errors.ts';
import { askAboutFile } from '../../http/ask-about-file.ts';
import { fetchLocated, locatedFile } from '../../http/fetch-located.ts';
import { fileNameOf } from '../../http/file-name-of.ts';
import { resolveLinkset } from '../../http/resolve-linkset.ts';
import type { ParsedChain } from '../../job/effective/parse-chain.ts';

type Transformers = ParsedChain['transformers'];

export function sourceFiles(files: readonly FetchedFile[]): readonly FetchedFile[] {
  return files.filter(({ isLookup }) => isLookup !== true);
}

export function lookupFiles(files: readonly FetchedFile[]): readonly FetchedFile[] {
  return files.filter(({ isLookup }) => isLookup === true);
}

/** The version of the source together with its lookups: known beforehand where all of them are. */
export function withLookups(source: SourceVersion, lookups: readonly SourceVersion[] | undefined): SourceVersion {
  if (lookups === undefined) return source;
  const { identity, ...rest } = source;
  const identities = [identity, ...lookups.map((lookup) => lookup.identity)];
  const isKnown = lookups.length > 0 && !identities.includes(undefined);
  return { ...rest, ...(isKnown ? { identity: identities.join(' | ') } : {}), lookups };
}

/**
 * Undefined where no transformer looks anything up. `mayLack`: the source came from a file, perhaps because this machine
 * has no internet; what cannot be reached is then done without, and said.
 */
export async function locateLookups(
  transformers: Transformers,
  context: FetchContext,
  { mayLack }: { readonly mayLack: boolean },
): Promise<readonly SourceVersion[] | undefined> {
  const wanted = wantedFiles(transformers);
  if (wanted.length === 0) return undefined;
  try {
    return await limitConcurrency(wanted, (file) => locateLookup(file, context));
  } catch (error) {
    if (!mayLack || !(error instanceof UnavailableError)) throw error;
    context.warn({
      code: 'W_LOOKUP_UNAVAILABLE',
      message: `${wanted.map(nameOf).join(', ')} cannot be reached, so nothing is looked up there: ${error.message}`,
    });
    return [];
  }
}

export async function fetchLookups(
  transformers: Transformers,
  { lookups = [] }: SourceVersion,
  context: FetchContext,
): Promise<readonly FetchedFile[]> {
  const wanted = wantedFiles(transformers);
  const quiet = { ...context, onProgress: () => undefined };
  const fetched = await limitConcurrency([...lookups.entries()], async ([i, version]) => {
    const file = wanted[i];
    if (file === undefined)
      throw new InternalError('E_INTERNAL', `No transformer looks anything up in ${version.name}.`);
    return fetchLocated('url' in file ? { ...version, locator: { url: file.url } } : version, file, quiet);
  });
  return fetched.flat().map((file) => ({ ...file, isLookup: true as const }));
}

export interface TransformsOptions {
  readonly logger: Logger;
  /** The fetched files. Without them, a transformer that looks things up is not created, and its transform must not be called. */
  readonly files?: readonly FetchedFile[];
  /** See TransformerServices.watch; `place` is the place of the transformer in the chain. */
  readonly watch?: (place: number, selector: string) => () => void;
}

export function createTransforms(
  { transformers, links }: Pick<ParsedChain, 'transformers' | 'links'>,
  { logger, files, watch }: TransformsOptions,
): readonly Transform[] {
  const left = [...lookupFiles(files ?? [])];
  const parser = links.at(-1)?.reader;
  const blankIsAbsent = parser !== undefined && 'blanks' in parser && parser.blanks === 'absent';
  return transformers.map(({ transformer, args }, place) => {
    const count = transformer.lookups?.(args).length ?? 0;
    if (count > 0 && files === undefined) return notFetched(transformer.type);
    const transform: unknown = transformer.create(args, {
      logger,
      fetched: left.splice(0, count),
      blankIsAbsent,
      ...(watch === undefined ? {} : { watch: (selector: string) => watch(place, selector) }),
    });
    if (typeof transform !== 'function') throw noTransform(transformer.type, transform);
    return transform as Transform;
  });
}

function noTransform(type: string, found: unknown): InternalError {
  if (found instanceof Promise) found.catch(() => undefined);
  const what = found instanceof Promise ? 'a promise: it is async' : describeFound(found);
  const message = `Expected "create" of the transformer "${type}" to return a function from a record to a record, found ${what}. Return the function.`;
  return new InternalError('E_COMPONENT_CRASH', message);
}

function notFetched(type: string): Transform {
  return () => {
    throw new InternalError('E_INTERNAL', `"${type}" was used before what it looks things up in was fetched.`);
  };
}

function wantedFiles(transformers: Transformers): readonly LookupFile[] {
  return transformers.flatMap(({ transformer, args }) => transformer.lookups?.(args) ?? []);
}

async function locateLookup(file: LookupFile, { services: { http }, signal }: FetchContext): Promise<SourceVersion> {
  if ('url' in file) {
    const { validator } = await askAboutFile(http, file.url, { signal });
    const name = nameOf(file);
    return { name, version: name, ...(validator === undefined ? {} : { identity: `${name} ${validator}` }) };
  }
  const linkset = await resolveLinkset(http, `${file.resolver.replace(/\/+$/, '')}/${file.doi}`, signal);
  const found = linkset.items.filter(({ href }) => fileNameOf(href) === file.name);
  const [only] = found;
  if (only === undefined || found.length > 1) {
    const names = linkset.items.map(({ href }) => fileNameOf(href)).join(', ');
    throw new SourceError(
      'E_SOURCE_AMBIGUOUS',
      `Expected exactly one file ${file.name} in the record ${linkset.landing}, found ${String(found.length)}. It offers: ${names || 'nothing'}.`,
    );
  }
  const located = locatedFile(linkset, only, await askAboutFile(http, only.href, { signal, from: linkset.from }));
  return { ...located, version: linkset.citeAs ?? linkset.landing };
}

function nameOf(file: LookupFile): string {
  return 'url' in file ? fileNameOf(file.url) : file.name;
}

/** One after the other: these servers count requests. */
async function limitConcurrency<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<readonly R[]> {
  const answers: R[] = [];
  for (const item of items) answers.push(await ask(item));
  return answers;
}
