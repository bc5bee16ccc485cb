import { text } from 'node:stream/consumers';
import { openPromise } from 'yauzl';

/** The parsed JSON of the one member whose name ends so, read with another zip reader than the one under test. */
export async function readZipJson(path: string, ending: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const zip = await openPromise(path);
  try {
    for await (const entry of zip.eachEntry()) {
      if (!entry.fileName.endsWith(ending)) continue;
      const stream = await zip.openReadStreamPromise(entry);
      return JSON.parse(await text(stream)) as readonly Readonly<Record<string, unknown>>[];
    }
  } finally {
    zip.close();
  }
  throw new Error(`${path} has no member that ends in ${ending}`);
}
