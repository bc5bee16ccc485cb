/**
 * A tar of the OpenAIRE Graph: concept DOI → landing page of the newest record → linkset → the tar whose address ends
 * as asked. `full` is the whole graph, `diff` the projects that were collected since: absence from it means nothing.
 */
import { z } from 'zod';
import { defineReader, type SourceReader } from '../../src/component/reader.ts';
import type { RecordDate } from '../../src/http/find-record-date.ts';
import type { Linkset, LinkTarget } from '../../src/http/resolve-linkset.ts';
import { ambiguous } from '../newest-record/ambiguous.ts';
import { fetchLocated } from '../../src/http/fetch-located.ts';
import { locateNewest } from '../newest-record/locate-newest.ts';
import { baseUrlArg, newestSince } from '../newest-record/newest-record-args.ts';

const DOIS = { full: '10.5281/zenodo.3516917', diff: '10.5281/zenodo.6419021' } as const;

const TAR = 'application/x-tar';
/** Zenodo serves files as the last of these. */
const ACCEPT = [TAR, 'application/tar', 'application/gzip', 'application/x-gtar', 'application/octet-stream'];

interface OpenaireReader {
  readonly type: string;
  readonly summary: string;
  readonly description: string;
  readonly deprecated?: string;
  readonly hrefs: readonly string[];
  readonly examples: readonly { readonly title: string; readonly args: unknown }[];
}

/** `hrefs` are the default of `tar_hrefs`. */
export function createOpenaireReader({ hrefs, ...spec }: OpenaireReader): SourceReader {
  const args = createArgs(hrefs);
  return defineReader<z.infer<typeof args>>({
    ...spec,
    version: 1,
    args,
    coverage: 'full',
    covers: ({ origin }) => (origin === 'diff' ? 'incremental' : 'full'),
    accepts: 'nothing',
    emits: 'bytes',
    locate: (parsed, context) => {
      const { origin, doi = DOIS[origin], tar_href: href, tar_hrefs: ends } = parsed;
      const choose = (linkset: Linkset): LinkTarget => chooseTar(linkset, href === undefined ? ends : [href]);
      return locateNewest({ doi, choose, versionOf }, parsed, context);
    },
    fetch: (version, { max_bytes: maxBytes }, context) => fetchLocated(version, { accept: ACCEPT, maxBytes }, context),
  });
}

function createArgs(hrefs: readonly string[]) {
  return z.strictObject({
    origin: z
      .enum(['full', 'diff'])
      .default('full')
      .describe(
        'The dataset: the whole graph, or the projects that were collected since the last one. A project that is missing from the latter has not been removed.',
      ),
    tar_hrefs: z
      .array(z.string().min(1))
      .min(1)
      .default([...hrefs])
      .describe(
        'Ends of the address of the wanted tar, such as `/project.tar`. The first that fits exactly one file of the record wins.',
      ),
    tar_href: z.string().min(1).optional().describe('The one end, as older configs say it.'),
    since: newestSince,
    doi: z.string().min(1).optional().describe('Another concept DOI than the one of `origin`.'),
    ...baseUrlArg,
    max_bytes: z
      .int()
      .positive()
      .default(20 * 1024 ** 3)
      .describe('The largest tar that is accepted, in bytes. A larger one ends the run before it fills the disk.'),
    mode: z.string().optional().describe('Accepted and ignored, because existing configs contain it.'),
  });
}

/** Names do not change from version to version: the date tells them apart. */
function versionOf(name: string, date: RecordDate | undefined): string {
  return date?.text.slice(0, 10) ?? name;
}

function chooseTar(linkset: Linkset, ends: readonly string[]): LinkTarget {
  const tars = linkset.items.filter(({ type }) => type === TAR);
  let found: readonly LinkTarget[] = [];
  for (const end of ends) {
    const fitting = tars.filter(({ href }) => new URL(href).pathname.endsWith(end));
    const [only] = fitting;
    if (only !== undefined && fitting.length === 1) return only;
    if (fitting.length > found.length) found = fitting;
  }
  throw ambiguous(linkset, `file of type ${TAR} that ends in ${ends.join(' or ')}`, found);
}
