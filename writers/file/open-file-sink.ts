/**
 * A snapshot in one file. The manifest follows the file, except the first time: there it goes first, because it is the
 * proof that the file is ours, should the worker end between the two.
 */
import { createHash } from 'node:crypto';
import type { SnapshotSink } from '../../src/component/writer.ts';
import type { Logger } from '../../src/component/services.ts';
import { InternalError } from '../../src/errors.ts';
import type { Document } from '../../src/records/document.ts';
import { createEncoder } from './create-encoder.ts';
import type { Encoder } from './encoder.ts';
import { formatOf, type FileArgs } from './file-args.ts';
import { etagOf, findOwnFile, toManifestText, type Manifest, type OwnFile } from './manifest.ts';
import { openFeed, type Feed } from './open-feed.ts';
import { deleteOldVersions, publishVersion, versionName } from './publish-version.ts';
import { manifestName, type FilePlace, type Output } from './store.ts';

export interface FileTarget {
  readonly place: FilePlace;
  readonly args: FileArgs;
  readonly run: string;
  readonly job: string;
  readonly logger: Logger;
}

/** Throws ConfigError where the file cannot be published, before anything is written. */
export async function openFileSink(target: FileTarget): Promise<SnapshotSink> {
  const { store, base, isBucket } = target.place;
  const { keep } = target.args;
  const own = await findOwnFile(target.place, target.job, isBucket && keep !== undefined);
  await store.begin();
  const output = await store.open(keep === undefined ? base : versionName(base, target.run));
  try {
    const feed = target.args.feed ? await openFeed(target) : undefined;
    return toSink({ ...target, own, output, feed, encoder: await createEncoder(target.args) });
  } catch (error) {
    await output.discard();
    throw error;
  }
}

interface Publishing extends FileTarget {
  readonly own: OwnFile;
  readonly output: Output;
  readonly feed: Feed | undefined;
  readonly encoder: Encoder;
}

function toSink(publishing: Publishing): SnapshotSink {
  const { output, feed, encoder, place } = publishing;
  const hash = createHash('sha256');
  let records = 0;
  let bytes = 0;

  const append = async (chunk: Buffer): Promise<void> => {
    if (chunk.length === 0) return;
    hash.update(chunk);
    bytes += chunk.length;
    await output.write(chunk);
  };

  return {
    async write(documents: readonly Document[]) {
      records += documents.length;
      await append(await encoder.encode(documents));
      await feed?.add(documents);
    },
    async commit() {
      await append(await encoder.end());
      await feed?.seal();
      await output.seal();
      const sha256 = hash.digest('hex');
      await publish(publishing, { records, bytes, sha256 });
      return { path: place.store.addressOf(place.base), records, bytes, digest: `sha256:${sha256}` };
    },
    async close() {
      encoder.close();
      await feed?.discard();
      await output.discard();
    },
  };
}

async function publish(
  { place, args, run, job, logger, own, output, feed }: Publishing,
  content: Pick<Manifest, 'records' | 'bytes' | 'sha256'>,
): Promise<void> {
  const { store, base, isBucket } = place;
  const format = formatOf(args);
  if (format === undefined) throw new InternalError('E_INTERNAL', 'A file without a format passed the check.');
  // Before the file: should the worker end here, the next attempt finds the changes written and only writes the file.
  const changes = await feed?.show();
  const manifest: Manifest = {
    file: base,
    format,
    ...(args.compress === undefined ? {} : { compress: args.compress }),
    ...content,
    job,
    run,
    written_at: new Date().toISOString(),
    ...(changes === undefined ? {} : { changes }),
  };
  if (args.keep !== undefined) {
    const last = own.manifest?.['job'] === job ? own.manifest : undefined;
    const latest = await publishVersion({ place, output, manifest, last, isOwn: own.isOwn });
    await deleteOldVersions(place, { job, keep: args.keep, latest, logger });
    return;
  }
  if (!own.isOwn) await store.put(manifestName(base), toManifestText(manifest));
  await output.show();
  if (own.isOwn || isBucket)
    await store.put(manifestName(base), toManifestText({ ...manifest, ...(await etagOf(store, base)) }));
}
