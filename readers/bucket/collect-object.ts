/** A small object, in memory. */
import type { S3Place, S3Service } from '../../src/component/services.ts';
import { LimitError, UnavailableError } from '../../src/errors.ts';

export async function collectObject(
  s3: S3Service,
  place: S3Place,
  key: string,
  { signal, maxBytes }: { readonly signal: AbortSignal; readonly maxBytes: number },
): Promise<Buffer> {
  const answer = await s3.get(place, key, { signal });
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    if (answer.bytes !== undefined && answer.bytes > maxBytes) throw tooLarge(place, key, maxBytes);
    for await (const chunk of answer.body) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(place, key, maxBytes);
      chunks.push(chunk);
    }
  } finally {
    answer.close();
  }
  if (answer.bytes !== undefined && bytes !== answer.bytes) {
    throw new UnavailableError(
      'E_SOURCE_UNAVAILABLE',
      `${place.bucket}/${key} ended after ${String(bytes)} of ${String(answer.bytes)} bytes. It is tried again.`,
    );
  }
  return Buffer.concat(chunks);
}

function tooLarge({ bucket }: S3Place, key: string, limit: number): LimitError {
  return new LimitError(
    'E_SOURCE_TOO_LARGE',
    `${bucket}/${key} has more than ${String(limit)} bytes, the limit of max_record_bytes. Raise it only for a source that you trust.`,
    { details: { bucket, key, limit } },
  );
}
