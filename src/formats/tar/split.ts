/** Where to cut a tar so that its parts hold about as many bytes of what is wanted. One pass, whatever the number of members. */
import type { TarMember, TarPlace } from './scan.ts';

/** Members between which a cut may lie: more make the parts no more equal, fewer still do. */
const MOST_MARKS = 4096;

interface Mark {
  readonly place: TarPlace;
  /** Of wanted members before this one. */
  readonly bytesBefore: number;
}

/** The places where the parts begin; the first is that of the first member. `members` are those that are wanted, in order. */
export async function splitTar(members: AsyncIterable<TarMember>, parts: number): Promise<readonly TarPlace[]> {
  let marks: Mark[] = [];
  let stride = 1;
  let count = 0;
  let bytes = 0;
  for await (const member of members) {
    if (count % stride === 0) marks.push({ place: member.place, bytesBefore: bytes });
    if (marks.length > MOST_MARKS) {
      marks = marks.filter((_, i) => i % 2 === 0);
      stride *= 2;
    }
    count += 1;
    // A header costs as much as a block of content: many empty members are work too.
    bytes += member.bytes + 512;
  }
  return cut(marks, bytes, parts);
}

function cut(marks: readonly Mark[], total: number, parts: number): readonly TarPlace[] {
  const places: TarPlace[] = [];
  for (const { place, bytesBefore } of marks) {
    if (places.length < parts && bytesBefore >= (total * places.length) / parts) places.push(place);
  }
  return places;
}
