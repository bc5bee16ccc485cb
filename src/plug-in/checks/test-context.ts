/** Contexts and resources for tests of readers. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ParserReader, ReadContext, Reader, RecordSourceReader, Warning } from '../../component/reader.ts';
import type { Resource } from '../../component/resource.ts';
import type { Logger, Services } from '../../component/services.ts';
import type { ReadItem } from '../../records/entry.ts';
import { createSpool } from '../../spool/create-spool.ts';
import { noApi, noBundles, noHttp, noS3, noSftp } from './no-services.ts';

/** A context that keeps warnings. HTTP, S3 and target interfaces reject unless they are given. */
export interface TestContext extends ReadContext {
  /** The warnings that the reader reported. */
  readonly warnings: readonly Warning[];
}

/** Returns a context for `readAll`. `given` replaces any part of it, such as `from` or a service. */
export function testContext(
  given: Partial<Omit<ReadContext, 'services'>> & { services?: Partial<Services> } = {},
): TestContext {
  const warnings: Warning[] = [];
  return {
    from: 0,
    since: undefined,
    signal: new AbortController().signal,
    warn: (warning) => warnings.push(warning),
    ...given,
    services: { ...unaskedServices(), ...given.services },
    warnings,
  };
}

/** Reads all items of a parser or record source. `input` is a file's content or a resource. */
export async function readAll(
  reader: Reader,
  input: string | Uint8Array | Resource,
  args: unknown = {},
  context: ReadContext = testContext(),
): Promise<ReadItem[]> {
  const resource = typeof input === 'string' || input instanceof Uint8Array ? memoryResource(input) : input;
  const items: ReadItem[] = [];
  for await (const batch of asParser(reader).read(resource, reader.args.parse(args), context)) items.push(...batch);
  return items;
}

export function memoryResource(content: string | Uint8Array): Resource {
  const bytes = Buffer.from(content);
  return {
    name: 'sample',
    bytes: bytes.length,
    // eslint-disable-next-line @typescript-eslint/require-await -- a stream is asynchronous by contract
    async *stream() {
      for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
    },
  };
}

function asParser(reader: Reader): ParserReader | RecordSourceReader {
  if (reader.emits !== 'records') throw new Error(`the reader ${reader.type} emits bytes, not records`);
  return reader;
}

export const silent: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // Checks print nothing.
}

function unaskedServices(): Services {
  const spool = createSpool(join(tmpdir(), `vocab-sync-check-spool-${String(process.pid)}`));
  return { logger: silent, http: noHttp, api: noApi, s3: noS3, sftp: noSftp, bundles: noBundles, spool };
}
