/** Groups small members of an archive that are yielded together. */
import type { PlacedResource, Span } from '../../component/resource.ts';

/** As an item batch: enough that what a list costs is lost among them, few enough that little is held. */
const MOST_MEMBERS = 100;
const MOST_BYTES = 256 * 1024;

export interface ContentGroup {
  /** True when the group is full and should be taken. */
  add(position: number, name: string, content: Buffer, span?: Span): boolean;
  take(): readonly PlacedResource[];
  readonly isEmpty: boolean;
}

/** `content` is nobody's to write into from then on. */
export function createContentGroup(): ContentGroup {
  let members: PlacedResource[] = [];
  let size = 0;
  return {
    add(position, name, content, span) {
      const resource = contentResource(name, content);
      members.push(span === undefined ? { position, resource } : { position, resource, span });
      size += content.length;
      return members.length >= MOST_MEMBERS || size >= MOST_BYTES;
    },
    take() {
      const taken = members;
      members = [];
      size = 0;
      return taken;
    },
    get isEmpty() {
      return members.length === 0;
    },
  };
}

/** Without `bytes`, the container reports the progress. */
export function contentResource(name: string, content: Buffer): PlacedResource['resource'] {
  return { name, content, stream: () => only(content) };
}

// eslint-disable-next-line @typescript-eslint/require-await -- a stream is asynchronous, even if its content is already there
async function* only(content: Buffer): AsyncGenerator<Buffer, void, undefined> {
  if (content.length > 0) yield content;
}
