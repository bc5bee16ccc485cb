/**
 * FAIR Signposting (signposting.org/FAIR, level 2): a landing page names a linkset in its `Link` header, the linkset
 * (RFC 9264, JSON) names the files of the record and its descriptions. Zenodo and every InvenioRDM answer like this; the
 * linkset and the descriptions share one address there and differ by the `Accept` that is sent.
 */
import { z } from 'zod';
import type { Hop } from '../component/download.ts';
import type { HttpAnswer, HttpService } from '../component/services.ts';
import { SourceError } from '../errors.ts';
import { parseLinkHeader } from './parse-link-header.ts';
import { mediaTypeOf } from './refuse-unwanted.ts';
import { redactUrl } from './url-policy.ts';

export interface LinkTarget {
  /** Absolute. */
  readonly href: string;
  /** Media type without parameters, lower-case; empty when not said. */
  readonly type: string;
}

export interface Linkset {
  /** The landing page, after redirects. */
  readonly landing: string;
  /** The answer that named the items. */
  readonly from: Hop;
  /** The persistent URL of this version of the record, if it is given. */
  readonly citeAs: string | undefined;
  readonly items: readonly LinkTarget[];
  readonly describedBy: readonly LinkTarget[];
}

const LINKSET_TYPE = 'application/linkset+json';

const targetsSchema = z.array(z.object({ href: z.string(), type: z.string().optional() })).optional();
const linksetSchema = z.object({
  linkset: z.array(z.object({ item: targetsSchema, describedby: targetsSchema, 'cite-as': targetsSchema })),
});

/** `url` is a DOI address or a landing page. Throws UnavailableError, SourceError, ConfigError (host). */
export async function resolveLinkset(http: HttpService, url: string, signal: AbortSignal): Promise<Linkset> {
  const page = await http.get(url, { signal, headers: { accept: 'text/html,*/*;q=0.5' } });
  const answer = await http.get(linksetAddressOf(page, url), { signal, from: page, headers: { accept: LINKSET_TYPE } });
  const contexts = contextsOf(answer);
  return {
    landing: page.url,
    from: { url: new URL(answer.url).origin, network: answer.network },
    citeAs: contexts.flatMap((context) => context['cite-as'] ?? [])[0]?.href,
    items: targetsOf(
      contexts.map(({ item }) => item),
      answer.url,
    ),
    describedBy: targetsOf(
      contexts.map(({ describedby }) => describedby),
      answer.url,
    ),
  };
}

function linksetAddressOf(page: HttpAnswer, asked: string): string {
  const links = parseLinkHeader(page.headers['link'] ?? '').filter(
    ({ rels, anchor }) => rels.includes('linkset') && anchor === undefined,
  );
  const link =
    links.find(({ type }) => mediaTypeOf(type) === LINKSET_TYPE) ?? links.find(({ type }) => type === undefined);
  if (link !== undefined && URL.canParse(link.target, page.url)) return new URL(link.target, page.url).href;
  throw new SourceError(
    'E_SOURCE_UNEXPECTED',
    `${redactUrl(asked)} leads to ${redactUrl(page.url)}, whose Link header names no linkset (rel="linkset", ${LINKSET_TYPE}). Open it in a browser: it may be an error page, or not a record of a repository with signposting.`,
  );
}

function contextsOf(answer: HttpAnswer): z.infer<typeof linksetSchema>['linkset'] {
  try {
    return linksetSchema.parse(JSON.parse(answer.body)).linkset;
  } catch (error) {
    throw new SourceError(
      'E_SOURCE_UNEXPECTED',
      `${redactUrl(answer.url)} was asked for a linkset (RFC 9264) and answered with ${answer.headers['content-type'] ?? 'no content type'} that is none.`,
      { cause: error },
    );
  }
}

function targetsOf(lists: readonly z.infer<typeof targetsSchema>[], base: string): readonly LinkTarget[] {
  const targets = new Map<string, LinkTarget>();
  for (const { href, type } of lists.flatMap((list) => list ?? [])) {
    if (!URL.canParse(href, base)) continue;
    const target = { href: new URL(href, base).href, type: mediaTypeOf(type) };
    targets.set(`${target.href} ${target.type}`, target);
  }
  return [...targets.values()];
}
