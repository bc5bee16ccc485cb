/**
 * A file from an address into the spool: complete and checked, or not there. Guarantees: what was received before a
 * crash is not asked for again where the server can prove that the rest fits; nothing is found under its final name
 * before it is durable and has the announced size and digest; memory is bounded by one chunk.
 */
import { mkdir, stat } from 'node:fs/promises';
import type { Download, DownloadRequest } from '../component/download.ts';
import type { Logger } from '../component/services.ts';
import { LimitError, SourceError } from '../errors.ts';
import { onDisk } from './disk-errors.ts';
import { fileNameOf } from './file-name-of.ts';
import type { HttpClient } from './http-client.ts';
import { PartFile, writeJson } from './part-file.ts';
import { receive } from './receive.ts';
import { isPassing, pauseBefore } from './retrying.ts';
import { findSpooled, openSpooled, type SpoolRecord } from './spooled-file.ts';
import { spoolPathsOf, type SpoolPaths } from './spool-paths.ts';
import { takeLock, type Lock } from './take-lock.ts';
import { redactUrl } from './url-policy.ts';

export interface DownloadPlace {
  readonly client: HttpClient;
  /** `downloads/` of the spool. */
  readonly directory: string;
  readonly logger: Logger;
}

/** Broken connections within one call that are continued in place; more is for the retry of the run. */
const MOST_RESUMPTIONS = 20;
/** The maximum number of restarts within one call; a source that causes more is being written at the moment. */
const MOST_RESTARTS = 3;

export async function download(request: DownloadRequest, place: DownloadPlace): Promise<Download> {
  place.client.check(request.url);
  const paths = spoolPathsOf(place.directory, request.url);
  const throttled = { ...request, ...throttledProgress(request) };
  await onDisk(place.directory, () => mkdir(place.directory, { recursive: true, mode: 0o700 }));
  const onWait = (): void => {
    void stat(paths.part).then(
      (part) => request.onProgress?.({ bytes: part.size }),
      () => request.onProgress?.({ bytes: 0 }),
    );
  };
  const lock = await onDisk(place.directory, () => takeLock(paths.lock, { signal: request.signal, onWait }));
  try {
    return await downloadLocked(throttled, place, paths, lock);
  } finally {
    await lock.release();
  }
}

async function downloadLocked(
  request: DownloadRequest,
  place: DownloadPlace,
  paths: SpoolPaths,
  lock: Lock,
): Promise<Download> {
  const spooled = await findSpooled(paths);
  if (spooled !== undefined && isExpected(spooled, request)) {
    const found = await openSpooled(paths, spooled, request.signal);
    if (found !== undefined) return found;
  }
  const part = await PartFile.open(paths, lock, request.signal);
  try {
    const received = await receiveAll(request, place, part, paths);
    if (received !== 'complete') {
      await part.discard();
      return received;
    }
    await refuseWrongContent(part, request);
    return await keep(part, request, paths, lock);
  } catch (error) {
    // Too large: keeping the bytes would fill the disk for nothing.
    if (error instanceof LimitError) await part.discard();
    else await part.close();
    throw error;
  }
}

/** Asks until everything is there, or the spool is confirmed. */
async function receiveAll(
  request: DownloadRequest,
  place: DownloadPlace,
  part: PartFile,
  paths: SpoolPaths,
): Promise<'complete' | Download> {
  const { client, logger } = place;
  let failures = 0;
  let resumptions = 0;
  for (let restarts = 0; restarts <= MOST_RESTARTS;) {
    const before = part.bytes;
    try {
      const spooled = await findPossible(paths, request);
      const received = await receive(client, request, part, spooled);
      if (received === 'complete') return received;
      if (received === 'unchanged' && spooled !== undefined) {
        const found = await openSpooled(paths, spooled, request.signal);
        if (found !== undefined) return found;
      }
      restarts++;
      logger.warn('Download starts again: the source has changed', {
        url: redactUrl(request.url),
      });
    } catch (error) {
      failures = part.bytes > before ? 0 : failures + 1;
      resumptions++;
      if (!isPassing(error) || failures > client.retry.retries || resumptions > MOST_RESUMPTIONS) throw error;
      logger.warn('Download was interrupted and resumes', {
        url: redactUrl(request.url),
        bytes: part.bytes,
        reason: error.message,
      });
      await pauseBefore(failures, client.retry, request.signal);
    }
  }
  throw new SourceError(
    'E_SOURCE_CHANGED',
    `${redactUrl(request.url)} answered with other content each time it was asked for the rest. Run again when it is no longer being written.`,
  );
}

/** A file of the spool that the server may confirm: not one that is known to be another than announced. */
async function findPossible(paths: SpoolPaths, request: DownloadRequest): Promise<SpoolRecord | undefined> {
  const { digest, bytes } = request.expected ?? {};
  const spooled = digest === undefined ? await findSpooled(paths) : undefined;
  return bytes === undefined || bytes === spooled?.bytes ? spooled : undefined;
}

async function refuseWrongContent(part: PartFile, request: DownloadRequest): Promise<void> {
  const { bytes, digest } = request.expected ?? {};
  const digests = part.digests();
  const found = digest?.startsWith('md5:') === true ? digests.md5 : digests.sha256;
  // The size of what arrived encoded was compared when it arrived.
  const isRightSize = bytes === undefined || bytes === part.bytes || part.about.encoding !== undefined;
  if (isRightSize && (digest === undefined || digest.toLowerCase() === found)) return;
  const size = part.bytes;
  await part.discard();
  const expected = isRightSize ? (digest ?? '') : `${String(bytes)} bytes`;
  throw new SourceError(
    'E_SOURCE_DIGEST',
    `${redactUrl(request.url)} announced ${expected}, the download has ${isRightSize ? found : `${String(size)} bytes`}. It was removed: run again, and report it to the source if it stays.`,
    { details: { expected, found: isRightSize ? found : size } },
  );
}

async function keep(part: PartFile, request: DownloadRequest, paths: SpoolPaths, lock: Lock): Promise<Download> {
  const { etag, lastModified } = part.about;
  const { sha256, md5 } = part.digests();
  const bytes = part.bytes;
  const name = fileNameOf(request.url);
  const path = await part.complete(name);
  const record: SpoolRecord = {
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { lastModified }),
    sha256,
    md5,
    bytes,
    name,
  };
  await onDisk(paths.directory, () => writeJson(paths.record, record, lock.token));
  return { path, bytes, digest: sha256 };
}

function isExpected(spooled: SpoolRecord, request: DownloadRequest): boolean {
  const { digest, bytes } = request.expected ?? {};
  if (digest === undefined || (bytes !== undefined && bytes !== spooled.bytes)) return false;
  return digest.toLowerCase() === (digest.startsWith('md5:') ? spooled.md5 : spooled.sha256);
}

/** A caller may heartbeat on each call, so it gets four in a second and the last one. */
function throttledProgress(request: DownloadRequest): Pick<DownloadRequest, 'onProgress'> {
  const { onProgress } = request;
  if (onProgress === undefined) return {};
  let last = 0;
  return {
    onProgress(progress) {
      const now = Date.now();
      if (now - last < 250 && progress.bytes !== progress.total) return;
      last = now;
      onProgress(progress);
    },
  };
}
