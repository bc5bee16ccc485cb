/**
 * Finds the newest record of a concept DOI: landing page → linkset → the one matching file. The identity of a dump
 * (record, file, ETag) decides whether it is new. Its date is not compared with the last run, because a dump with an
 * earlier date may have been published after that run. Only a `since` that was set explicitly skips older dumps.
 */
import type { FetchContext, NothingNew, SourceVersion } from '../../src/component/reader.ts';
import { UnavailableError } from '../../src/errors.ts';
import { askAboutFile } from '../../src/http/ask-about-file.ts';
import { locatedFile } from '../../src/http/fetch-located.ts';
import { fileNameOf } from '../../src/http/file-name-of.ts';
import { findRecordDate, type RecordDate } from '../../src/http/find-record-date.ts';
import { resolveLinkset, type Linkset, type LinkTarget } from '../../src/http/resolve-linkset.ts';
import { parseSince } from '../../src/job/effective/since.ts';
import type { NewestRecordArgs } from './newest-record-args.ts';

export interface WantedFile {
  /** The concept DOI, which always leads to the newest version. */
  readonly doi: string;
  /** The one file; throws SourceError E_SOURCE_AMBIGUOUS. */
  choose(linkset: Linkset): LinkTarget;
  /** For people. */
  versionOf(name: string, date: RecordDate | undefined): string;
}

export async function locateNewest(
  wanted: WantedFile,
  args: NewestRecordArgs,
  context: FetchContext,
): Promise<SourceVersion | NothingNew> {
  const { http } = context.services;
  const linkset = await resolveLinkset(http, `${args.base_url.replace(/\/+$/, '')}/${wanted.doi}`, context.signal);
  const file = wanted.choose(linkset);
  const name = fileNameOf(file.href);
  const since = writtenSince(args, context);
  const date = await findDate(linkset, since !== undefined, context);
  if (since !== undefined && date === undefined) {
    context.warn({
      code: 'W_SOURCE_NO_DATE',
      message: `${name} says no date, so \`since\` cannot leave it out; it is read.`,
    });
  }
  if (since !== undefined && date !== undefined && date.until < since) {
    return { nothingNew: `The newest dump, ${name} of ${date.text}, is older than since ${since.toISOString()}.` };
  }
  const facts = await askAboutFile(http, file.href, { signal: context.signal, from: linkset.from });
  return {
    ...locatedFile(linkset, file, facts),
    version: wanted.versionOf(name, date),
    ...(date === undefined ? {} : { published: date.text }),
  };
}

/** Where no `since` asks for it the date only informs: a record whose description is broken is synced all the same. */
async function findDate(linkset: Linkset, isNeeded: boolean, context: FetchContext): Promise<RecordDate | undefined> {
  try {
    return await findRecordDate(context.services.http, linkset, context.signal);
  } catch (error) {
    const isAway = error instanceof UnavailableError && error.code === 'E_SOURCE_UNAVAILABLE';
    if (isNeeded || !isAway) throw error;
    context.services.logger.warn('The date of the record could not be asked for', { reason: error.message });
    return undefined;
  }
}

/** The one in the config wins; a watermark does not count (see the head of this file). */
function writtenSince({ since }: NewestRecordArgs, context: FetchContext): Date | undefined {
  if (since === undefined) return context.since?.origin === 'watermark' ? undefined : context.since?.time;
  const parsed = parseSince(since ?? 'none', new Date());
  return parsed === 'none' ? undefined : parsed.time;
}
