/** Makes the start of a read from the source of a chain and its fetched files. */
import type { ParsedChain } from '../../job/effective/parse-chain.ts';
import type { FetchedFile } from '../../records/source.ts';
import { fileResource } from '../../spool/file-resource.ts';
import { sourceFiles } from '../fetch/lookups.ts';
import type { ChainSource } from './read-chain.ts';

export function chainSource({ reader, args }: ParsedChain['source'], files: readonly FetchedFile[]): ChainSource {
  const resources = sourceFiles(files).map(fileResource);
  if (reader.emits === 'records' || reader.open === undefined) return { type: reader.type, resources };
  const open = reader.open.bind(reader);
  return { type: reader.type, resources, open: (context) => open(resources, args, context) };
}
