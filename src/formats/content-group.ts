/** Small members of an archive that are handed on together: their bytes lie in one block, and are nobody else's. */
import type { PlacedResource, Span } from '../component/resource.ts';

/** As an item batch: enough that what a list costs is lost among them, few enough that little is held. */
const MOST_MEMBERS = 100;
const BLOCK_BYTES = 256 * 1024;

export interface ContentGroup {
  /** True when the group is full and should be taken. Copies the bytes. */
  add(position: number, name: string, bytes: Buffer, span?: Span): boolean;
  take(): readonly PlacedResource[];
  readonly isEmpty: boolean;
}

export function createContentGroup(): ContentGroup {
  let members: PlacedResource[] = [];
  let block: Buffer | undefined;
  let used = 0;
  let size = 0;

  const copy = (bytes: Buffer): Buffer => {
    if (bytes.length > BLOCK_BYTES - used) return Buffer.from(bytes);
    block ??= Buffer.allocUnsafeSlow(BLOCK_BYTES);
    const content = block.subarray(used, used + bytes.length);
    bytes.copy(content);
    used += bytes.length;
    return content;
  };

  return {
    add(position, name, bytes, span) {
      const resource = contentResource(name, copy(bytes));
      members.push(span === undefined ? { position, resource } : { position, resource, span });
      size += bytes.length;
      return members.length >= MOST_MEMBERS || size >= BLOCK_BYTES;
    },
    take() {
      const taken = members;
      members = [];
      block = undefined;
      used = 0;
      size = 0;
      return taken;
    },
    get isEmpty() {
      return members.length === 0;
    },
  };
}

/** Without `bytes`: progress is told by what lies around it. */
export function contentResource(name: string, content: Buffer): PlacedResource['resource'] {
  return { name, content, stream: () => only(content) };
}

// eslint-disable-next-line @typescript-eslint/require-await -- a stream is asynchronous, also of what is there already
async function* only(content: Buffer): AsyncGenerator<Buffer, void, undefined> {
  if (content.length > 0) yield content;
}
