/** The JSON lines of a tar of gzipped parts, read by another library than the one under test. */
import { createReadStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';

/** The records in the order of the archive. */
export async function readTarLines(path: string): Promise<readonly Record<string, unknown>[]> {
  const records: Record<string, unknown>[] = [];
  for await (const member of createReadStream(path).pipe(extract())) {
    const bytes = await buffer(member);
    if (!member.header.name.endsWith('.json.gz')) continue;
    const lines = gunzipSync(bytes).toString('utf8').split('\n');
    for (const line of lines) if (line !== '') records.push(JSON.parse(line) as Record<string, unknown>);
  }
  return records;
}
