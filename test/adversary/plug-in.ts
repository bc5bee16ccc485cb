/** A plug-in whose transformers behave as badly as code can. Written as text: a worker loads it from a file. */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Answers the path of the plug-in. */
export function writePlugIn(directory: string): string {
  const zod = pathToFileURL(createRequire(import.meta.url).resolve('zod')).href;
  const path = join(directory, 'plug-in.mjs');
  writeFileSync(
    path,
    `import { z } from ${JSON.stringify(zod)};
const define = (type, work) => ({
  type, version: 1, summary: 'Behaves badly.', examples: [], args: z.object({}), create: () => work,
});
export const transformers = [
  define('adversary-stuck', () => /^(a+)+$/.test('a'.repeat(60) + 'b')),
  define('adversary-heap', () => {
    const map = new Map();
    for (let i = 0; ; i += 1) map.set(i, 'x' + i);
  }),
  define('adversary-buffers', () => {
    const all = [];
    for (;;) all.push(Buffer.alloc(1 << 20, 1));
  }),
  define('adversary-exit', () => process.exit(7)),
];
`,
  );
  return path;
}
