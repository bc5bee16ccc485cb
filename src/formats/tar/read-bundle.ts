/**
 * A download bundle: many small resources, fetched one by one, in one file. It is a plain tar, so that an operator can
 * inspect it. If a resource could not be fetched, a member with the reason takes its position.
 */
import { z } from 'zod';
import type { ReadContext } from '../../component/reader.ts';
import type { PlacedResource, Resource } from '../../component/resource.ts';
import { RecordError } from '../../errors.ts';
import { contentResource } from '../bytes/content-group.ts';
import { scanTar } from './scan.ts';
import { streamTar, type TarBytes } from './bytes.ts';
import { BUFFERED_BYTES, memberContent, streamedMember } from './content.ts';
import { tarTruncated } from './error.ts';
import { tarMember } from './write.ts';

const FAILURE_ENDING = '.failure.json';

const failureSchema = z.object({ message: z.string() });

export function failureMember(name: string, failure: { readonly message: string }): Buffer {
  return tarMember(`${name}${FAILURE_ENDING}`, Buffer.from(JSON.stringify({ message: failure.message })));
}

export async function* readBundle(
  input: Resource,
  context: Pick<ReadContext, 'from' | 'until' | 'signal' | 'warn'>,
): AsyncGenerator<PlacedResource, void, undefined> {
  const { from, until, signal, warn } = context;
  signal.throwIfAborted();
  const open = (): Promise<TarBytes> => streamTar(input.stream(), input.name, { total: input.bytes, maxRatio: 1 });
  const bytes = await open();
  try {
    for await (const member of scanTar(bytes, { archive: input.name, signal, warn })) {
      if (until !== undefined && member.position >= until) return;
      if (member.position < from) continue;
      if (member.name.endsWith(FAILURE_ENDING)) {
        if (!(await bytes.fill(member.bytes))) throw tarTruncated(input.name, bytes.offset, 'a member ends early');
        const text = bytes.view.toString('utf8', 0, member.bytes);
        yield failed(member.position, member.name.slice(0, -FAILURE_ENDING.length), text);
      } else if (member.bytes <= BUFFERED_BYTES) {
        const content = await memberContent(bytes, member, input.name);
        yield { position: member.position, resource: contentResource(member.name, content) };
      } else {
        const opened = streamedMember(bytes, member, input.name, open);
        yield opened;
        await opened.leave();
      }
    }
  } finally {
    await bytes.close();
  }
}

function failed(position: number, name: string, text: string): PlacedResource {
  const { message } = failureSchema.parse(JSON.parse(text));
  const failure = new RecordError('E_RECORD_UNAVAILABLE', message, { details: { resource: name } });
  const stream = (): AsyncIterable<Buffer> => {
    throw failure;
  };
  return { position, resource: { name, stream }, failure };
}
