/** Opens a download bundle to append to it. Cuts off what an earlier attempt began to write and did not finish. */
import { open } from 'node:fs/promises';
import type { Bundle } from '../component/services.ts';
import { SourceError } from '../errors.ts';
import { failureMember } from '../formats/tar/read-bundle.ts';
import { paddedTo, scanTar } from '../formats/tar/scan.ts';
import { fileTar } from '../formats/tar/bytes.ts';
import { TAR_END, tarMember } from '../formats/tar/write.ts';
import { onDisk } from '../http/disk-errors.ts';
import { writeJson, type PartFile } from '../http/part-file.ts';
import type { SpoolPaths } from '../http/spool-paths.ts';
import type { Lock } from '../http/take-lock.ts';

export interface BundleParts {
  readonly part: PartFile;
  readonly paths: SpoolPaths;
  readonly lock: Lock;
  /** The digest of the finished file. */
  readonly name: string;
  readonly signal: AbortSignal;
}

export async function appendToBundle({ part, paths, lock, name, signal }: BundleParts): Promise<Bundle> {
  const whole = await wholeMembers(paths.part, signal);
  if (whole.count === 0) await part.restart({});
  else if (whole.bytes < part.bytes) await part.cutTo(whole.bytes, signal);
  return {
    count: whole.count,
    last: () => readLast(paths.part, whole),
    async add(member, content) {
      await part.append(tarMember(member, content));
    },
    async fail(member, failure) {
      await part.append(failureMember(member, failure));
    },
    async complete() {
      await part.append(TAR_END);
      const { sha256, md5 } = part.digests();
      const bytes = part.bytes;
      const path = await part.complete(name);
      await onDisk(paths.directory, () => writeJson(paths.record, { sha256, md5, bytes, name }, lock.token));
      await lock.release();
      return { path, bytes, digest: sha256 };
    },
    async close() {
      await part.close();
      await lock.release();
    },
  };
}

interface WholeMembers {
  readonly count: number;
  readonly bytes: number;
  readonly last?: { readonly offset: number; readonly bytes: number };
}

async function readLast(path: string, { last }: WholeMembers): Promise<Buffer | undefined> {
  if (last === undefined) return undefined;
  const handle = await open(path, 'r');
  try {
    const content = Buffer.alloc(last.bytes);
    await handle.read(content, 0, last.bytes, last.offset);
    return content;
  } finally {
    await handle.close();
  }
}

/** The members at the start of a file that are there to their last byte. */
async function wholeMembers(path: string, signal: AbortSignal): Promise<WholeMembers> {
  const handle = await open(path, 'r');
  const { size } = await handle.stat();
  const bytes = fileTar(handle, size, 0);
  let whole: WholeMembers = { count: 0, bytes: 0 };
  try {
    for await (const member of scanTar(bytes, { archive: path, signal, warn: () => undefined })) {
      const end = paddedTo(member.offset + member.bytes);
      if (end > size) continue;
      whole = { count: member.position + 1, bytes: end, last: { offset: member.offset, bytes: member.bytes } };
    }
  } catch (error) {
    // It ends where an attempt was stopped: that is why it is looked through.
    if (!(error instanceof SourceError)) throw error;
  } finally {
    await bytes.close();
  }
  return whole;
}
