/**
 * Harvests a list of an OAI-PMH server from its first page to its last and stores each page. After a crash it resumes
 * after the last complete page. If the server no longer accepts the token of that page, the list starts again.
 */
import { createHash } from 'node:crypto';
import type { FetchContext } from '../../src/component/reader.ts';
import type { Download } from '../../src/component/download.ts';
import type { Bundle } from '../../src/component/services.ts';
import { LimitError, SourceError } from '../../src/errors.ts';
import { parseOaiPage, type OaiEntry, type OaiPage } from '../../src/formats/oai/page.ts';
import { redactUrl } from '../../src/http/url-policy.ts';
import { askOai, type OaiQuestion } from './ask-oai.ts';
import type { OaiArgs, Selection } from './oai-args.ts';

/** The number of times that a list starts again because its token is refused. */
const MOST_STARTS = 3;

export async function harvest(args: OaiArgs, selection: Selection, context: FetchContext): Promise<Download> {
  const { base_url, metadata_prefix, set, verb } = args;
  const key = JSON.stringify(['oai-pmh', base_url, metadata_prefix, set, verb, selection]);
  for (let start = 0; start < MOST_STARTS; start++) {
    const list = await harvestOnce(args, selection, `${key}#${String(start)}`, context);
    if (list !== undefined) return list;
    context.services.logger.warn('The OAI-PMH server refused the token of its list, which starts again', {
      url: redactUrl(base_url),
    });
  }
  throw new SourceError(
    'E_OAI_TOKEN_REFUSED',
    `${redactUrl(base_url)} refused the resumption token of its own list ${String(MOST_STARTS)} times. Harvest a smaller set, or report it to the repository.`,
  );
}

/** Undefined where the server refuses the token; what was kept of that list is left as it is. */
async function harvestOnce(
  args: OaiArgs,
  selection: Selection,
  key: string,
  context: FetchContext,
): Promise<Download | undefined> {
  const { bundles } = context.services;
  const onWait = (): void => {
    context.onProgress({ bytes: 0 });
  };
  const opened = await bundles.open({ key, name: 'oai-pmh.tar', signal: context.signal, onWait });
  if ('complete' in opened) return opened.complete;
  const { bundle } = opened;
  let isComplete = false;
  try {
    if (!(await addPages(bundle, args, selection, context))) return undefined;
    const list = await bundle.complete();
    isComplete = true;
    return list;
  } finally {
    if (!isComplete) await bundle.close();
  }
}

async function addPages(bundle: Bundle, args: OaiArgs, selection: Selection, context: FetchContext): Promise<boolean> {
  const last = bundle.count === 0 ? undefined : await bundle.last();
  let token = last === undefined ? undefined : parseOaiPage(last.toString('latin1'))?.token;
  if (bundle.count > 0 && token === undefined) return true;
  const seen = new Set<string>();
  let bytes = 0;
  for (let pages = bundle.count; ; pages++) {
    if (pages >= args.max_pages) throw tooManyPages(args);
    const page = await askPage(args, toListQuestion(args, selection, token), pages, context);
    if (page === undefined) return false;
    const entries = args.verb === 'ListRecords' ? page.entries : await getEach(page.entries, args, context);
    const content = renderPage(entries, page);
    await bundle.add(`page-${String(pages).padStart(6, '0')}.xml`, content);
    bytes += content.length;
    context.onProgress({ bytes });
    if (page.token === undefined) return true;
    if (page.token === token || seen.has(digestOf(page.token))) throw repeated(args, pages);
    token = page.token;
    seen.add(digestOf(token));
  }
}

/** Undefined where the token is refused. A list without records is an empty page. */
async function askPage(
  args: OaiArgs,
  question: OaiQuestion,
  page: number,
  context: FetchContext,
): Promise<OaiPage | undefined> {
  const answer = await askOai(args, question, context, `page ${String(page + 1)} of the list`);
  return answer.errors.some(({ code }) => code === 'badResumptionToken') ? undefined : answer;
}

function toListQuestion(args: OaiArgs, selection: Selection, token: string | undefined): OaiQuestion {
  const verb = args.verb === 'ListRecords' ? 'ListRecords' : 'ListIdentifiers';
  return token === undefined ? { verb, ...toQuestion(args, selection) } : { verb, resumptionToken: token };
}

export function toQuestion(args: OaiArgs, { from, until }: Pick<Selection, 'from' | 'until'>) {
  return { metadataPrefix: args.metadata_prefix, set: args.set, from, until };
}

/** A deleted record has only a header; without an identifier there is nothing to request. */
async function getEach(headers: readonly OaiEntry[], args: OaiArgs, context: FetchContext): Promise<OaiEntry[]> {
  const entries: OaiEntry[] = [];
  for (const entry of headers) {
    if (entry.header.status === 'deleted' || entry.fault !== undefined) {
      entries.push(entry);
      continue;
    }
    const { identifier } = entry.header;
    const question = { verb: 'GetRecord', metadataPrefix: args.metadata_prefix, identifier };
    const page = await askOai(args, question, context);
    const [found] = page.entries;
    if (found !== undefined) entries.push(found);
    else {
      const message = `${identifier} was listed and then not there: ${page.errors[0]?.code ?? 'no record'}.`;
      context.warn({ code: 'W_OAI_RECORD_GONE', message });
    }
  }
  return entries;
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64').slice(0, 16);
}

function repeated(args: OaiArgs, page: number): SourceError {
  return new SourceError(
    'E_OAI_TOKEN_REPEATED',
    `${redactUrl(args.base_url)} gave a resumption token a second time, on page ${String(page + 1)}: its list would never end. Report it to the repository.`,
  );
}

function tooManyPages(args: OaiArgs): LimitError {
  return new LimitError(
    'E_SOURCE_TOO_LARGE',
    `${redactUrl(args.base_url)} gave more than max_pages, ${String(args.max_pages)} pages. Raise it if the list is genuine.`,
  );
}

const BEGIN =
  '<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">\n<ListRecords>\n';
const END = '</ListRecords>\n</OAI-PMH>\n';

/** A stored page of a list: the records as the server sent them, and the token of the next page. */
function renderPage(entries: readonly OaiEntry[], { token, listSize }: Pick<OaiPage, 'token' | 'listSize'>): Buffer {
  const records = entries.map(({ xml }) => `${xml}\n`).join('');
  const size = listSize === undefined ? '' : ` completeListSize="${String(listSize)}"`;
  const isLast = token === undefined && listSize === undefined;
  const rest = isLast ? '' : `<resumptionToken${size}>${escape(token ?? '')}</resumptionToken>\n`;
  return Buffer.concat([Buffer.from(BEGIN + records, 'latin1'), Buffer.from(rest + END, 'utf8')]);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#13;');
}
