/** Versions of a target: immutable files named by their runs, and the latest of them under the stable name. */
import type { Logger } from '../../src/component/services.ts';
import { messageOf } from '../../src/errors.ts';
import { etagOf, MADE_BY, readManifest, toManifestText, type FoundManifest, type Manifest } from './manifest.ts';
import { manifestName, versionsFolder, type FilePlace, type Output, type Store } from './store.ts';

/** `affiliations.jsonl.gz` in run R is the version `affiliations.jsonl.gz.versions/R.jsonl.gz`. */
export function versionName(base: string, run: string): string {
  const dot = base.indexOf('.', 1);
  return `${versionsFolder(base)}/${run}${dot < 0 ? '' : base.slice(dot)}`;
}

interface VersionTarget {
  readonly place: FilePlace;
  readonly output: Output;
  readonly manifest: Manifest;
  /** Of the publication before, if this job made it. */
  readonly last: FoundManifest | undefined;
  readonly isOwn: boolean;
}

/** Content that is the same as the latest version makes no new one. Returns the version that is the latest now. */
export async function publishVersion({ place, output, manifest, last, isOwn }: VersionTarget): Promise<string> {
  const { store, base, isBucket } = place;
  const same = await findSame(store, manifest, last);
  const version = same ?? versionName(base, manifest.run);
  if (same === undefined) {
    await store.put(
      manifestName(version),
      toManifestText({ ...manifest, file: version.slice(version.indexOf('/') + 1) }),
    );
    await output.show();
  } else {
    await output.discard();
  }
  const file = isBucket ? version : base;
  const pointer = toManifestText({ ...manifest, ...(await etagOf(store, version)), file, version });
  if (!isBucket) {
    await copyToLatest(store, version, base, async (show) => {
      if (isOwn) await show();
      await store.put(manifestName(base), pointer);
      if (!isOwn) await show();
    });
    return version;
  }
  await store.put(manifestName(base), pointer);
  // Otherwise the object from before versions were kept would remain forever.
  if (isOwn && last?.['file'] === base) await store.remove(base);
  return version;
}

async function findSame(
  store: Store,
  manifest: Manifest,
  last: FoundManifest | undefined,
): Promise<string | undefined> {
  const version = last?.['version'];
  if (typeof version !== 'string' || last?.['sha256'] !== manifest.sha256) return undefined;
  return (await store.find(version))?.bytes === manifest.bytes ? version : undefined;
}

async function copyToLatest(
  store: Store,
  from: string,
  to: string,
  publish: (show: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const output = await store.open(to);
  try {
    for await (const chunk of store.read(from)) await output.write(chunk);
    await output.seal();
    await publish(() => output.show());
  } finally {
    await output.discard();
  }
}

/**
 * Deletes the oldest versions, only those whose manifests say that this job wrote them. A version that cannot be deleted
 * is a warning: what was published is in place.
 */
export async function deleteOldVersions(
  { store, base }: FilePlace,
  {
    job,
    keep,
    latest,
    logger,
  }: { readonly job: string; readonly keep: number; readonly latest: string; readonly logger: Logger },
): Promise<void> {
  const folder = versionsFolder(base);
  const ending = manifestName('');
  try {
    const names = (await store.list(folder)).filter((name) => name.endsWith(ending));
    // Run ids rise with time.
    const versions = names.map((name) => `${folder}/${name.slice(0, -ending.length)}`).sort();
    const others = versions.filter((version) => version !== latest).reverse();
    for (const version of others.slice(keep - 1)) {
      const manifest = await readManifest(store, version);
      if (manifest?.['made_by'] !== MADE_BY || manifest['job'] !== job) continue;
      // The manifest last: it is the proof that the file may be deleted.
      await store.remove(version);
      await store.remove(manifestName(version));
    }
  } catch (error) {
    logger.warn('Old versions of a file could not be deleted. The next publication tries again.', {
      path: store.addressOf(folder),
      error: messageOf(error),
    });
  }
}
