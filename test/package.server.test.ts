/** The package as another project gets it: its files, and that it runs where it is installed. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { describeWithServers } from './support/temporal-server.ts';
import { PROJECT_ROOT } from './support/source-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'vocab-sync-package-'));
let tarball: string;
let files: readonly string[];

beforeAll(async () => {
  // The build of `npm test` is packed; packing must not build again during other tests.
  const { stdout } = await npm(['pack', '--ignore-scripts', '--json', '--pack-destination', folder], PROJECT_ROOT);
  const packed = JSON.parse(stdout) as Packed[] | Record<string, Packed>;
  const [first] = Array.isArray(packed) ? packed : Object.values(packed);
  tarball = join(folder, first?.filename ?? '');
  files = (first?.files ?? []).map(({ path }) => path);
}, 120_000);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

interface Sbom {
  readonly components: readonly { readonly purl: string; readonly properties: readonly { readonly name: string }[] }[];
}

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function npm(words: readonly string[], cwd: string): Promise<Ended> {
  const result = await call('npm', words, cwd);
  return { ...result, stdout: result.stdout.slice(Math.max(0, result.stdout.search(/^[[{]/m))) };
}

/** Does not block the process: it reports to the test runner meanwhile, which gives up after a minute of silence. */
function call(program: string, words: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd, encoding: 'utf8', timeout: 480_000, maxBuffer: 1 << 26 } as const;
    const child = execFile(program, words, options, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : (child.exitCode ?? 1), stdout, stderr });
    });
  });
}

describe('the package', () => {
  it('has what a user needs and nothing of the development', () => {
    for (const path of [
      'dist/src/cli/main.js',
      'dist/src/plug-in/component.js',
      'dist/src/plug-in/errors.js',
      'dist/types/plug-in/testing.d.ts',
      'dist/workflow-bundle.js',
      'config/job.schema.json',
    ])
      expect(files).toContain(path);
    const strangers = files.filter((path) =>
      /(^|\/)(test|fixtures|node_modules)\/|(?<!\.d)\.ts$|\.(map|log|tgz)$|(^|\/)\.|eslint|prettier|vitest|knip|tsconfig/.test(
        path,
      ),
    );
    expect(strangers).toEqual([]);
    expect(files.length).toBeLessThan(500);
  });

  it('names no folder of the machine that built it', () => {
    const found = files.filter((path) => readFileSync(join(PROJECT_ROOT, path), 'latin1').includes(PROJECT_ROOT));
    expect(found).toEqual([]);
  });

  it('names every chunk that the program loads', () => {
    const path = join(PROJECT_ROOT, 'dist/src/cli/main.js');
    // A link on PATH runs it, as deploy.md says.
    expect(statSync(path).mode & 0o111).toBe(0o111);
    const main = readFileSync(path, 'utf8');
    const chunks = [...main.matchAll(/chunks\/([\w-]+\.js)/g)].map((match) => `dist/src/chunks/${match[1] ?? ''}`);
    expect(chunks.length).toBeGreaterThan(0);
    expect(files).toEqual(expect.arrayContaining(chunks));
  });
});

describe('a release', () => {
  it('has an SBOM of every dependency, made from the lock file without a network', async () => {
    const { stdout, stderr } = await npm(['run', '--silent', 'sbom'], PROJECT_ROOT);
    const sbom = JSON.parse(stdout || stderr) as Sbom;
    expect(sbom).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { version: manifest.version } } });
    const named = (isForDevelopment: boolean) =>
      sbom.components
        .filter(({ properties }) => isForDevelopment === properties.some(({ name }) => name.endsWith(':development')))
        .map(({ purl }) => decodeURIComponent(purl));
    const wanted = (packages: Readonly<Record<string, string>>) =>
      Object.entries(packages).map(([name, version]) => `pkg:npm/${name}@${version}`);
    expect(wanted(manifest.dependencies).filter((purl) => !named(false).includes(purl))).toEqual([]);
    expect(named(true)).toContain(`pkg:npm/vitest@${manifest.devDependencies.vitest}`);
  });

  const notes = (heading: string, version: string): Promise<Ended> => {
    const checkout = mkdtempSync(join(folder, 'notes-'));
    cpSync(join(PROJECT_ROOT, '.ci'), join(checkout, '.ci'), { recursive: true });
    writeFileSync(join(checkout, 'package.json'), '{"version": "1.2.0"}');
    const text = `# Changelog\n\n## ${heading}\n\n- New\n\n### Also\n\n- More\n\n## 1.1.0 (2026-01-01)\n\n- Old\n`;
    writeFileSync(join(checkout, 'CHANGELOG.md'), text);
    return call(join(checkout, '.ci/release-notes'), [version], checkout);
  };

  it('has the notes of its version', async () => {
    expect(await notes('1.2.0 (2026-12-01)', '1.2.0')).toMatchObject({
      status: 0,
      stdout: '\n- New\n\n### Also\n\n- More\n',
    });
  });

  it.each([
    ['1.2.0 (unreleased)', '1.2.0', 'Expected a date'],
    ['1.2.0-beta.1 (2026-12-01)', '1.2.0', 'no section'],
    ['1.3.0 (2026-12-01)', '1.3.0', 'has version 1.2.0'],
  ])('is refused for the section "%s" and the tag v%s', async (heading, version, reason) => {
    const { status, stderr } = await notes(heading, version);
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(reason) });
  });
});

const isOnline = (await npm(['view', 'zod', 'version'], tmpdir())).status === 0;
if (!isOnline) console.warn('SKIPPED: no npm registry can be reached, so the package is not installed elsewhere');

describeWithServers('the package in another project', () => {
  const project = join(folder, 'project');
  const program = join(project, 'node_modules', '.bin', 'vocab-sync');

  beforeAll(async () => {
    if (!isOnline) return;
    writeFileSync(join(folder, 'package.json'), '{}');
    const words = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--prefix', project, tarball];
    const { status, stderr } = await npm(words, folder);
    expect({ status, stderr }).toMatchObject({ status: 0 });
  }, 480_000);

  it.skipIf(!isOnline)(
    'says its version, checks a job and runs the demo',
    async () => {
      const vocabSync = (...words: readonly string[]) => call(program, words, project);
      expect((await vocabSync('--version')).stdout.trim()).toBe(manifest.version);
      expect((await vocabSync('--help')).stdout).toContain('Start here');
      expect(await vocabSync('check', 'ror-affiliations')).toMatchObject({ status: 0 });
      expect((await vocabSync('completion', 'bash')).stdout).toContain('complete -F');
      const demo = await vocabSync('demo', '--no-keep', '--json');
      expect({ status: demo.status, stderr: demo.stderr }).toMatchObject({ status: 0 });
      const { approved } = JSON.parse(demo.stdout) as { approved: { outcome: string } };
      expect(approved.outcome).toBe('success');
    },
    480_000,
  );

  it.skipIf(!isOnline)('compiles, checks and runs the plug-in of another folder', async () => {
    const plugIn = join(folder, 'acme');
    const page = readFileSync(join(PROJECT_ROOT, 'docs/write-a-plug-in.md'), 'utf8');
    for (const [, path = '', text = ''] of page.matchAll(/^```\w+ plug-in:(\S+)\n(.*?)^```$/gms)) {
      mkdirSync(dirname(join(plugIn, path)), { recursive: true });
      writeFileSync(join(plugIn, path), text);
    }
    // The packages that its package.json names: vocab-sync and zod as they were installed, the others from here.
    mkdirSync(join(plugIn, 'node_modules', '@types'), { recursive: true });
    for (const name of ['vocab-sync', 'zod'])
      symlinkSync(join(project, 'node_modules', name), join(plugIn, 'node_modules', name));
    for (const name of ['typescript', '@types/node'])
      symlinkSync(join(PROJECT_ROOT, 'node_modules', name), join(plugIn, 'node_modules', name));
    const compiled = await call(process.execPath, ['node_modules/typescript/bin/tsc'], plugIn);
    expect(compiled).toMatchObject({ status: 0, stdout: '' });
    const tested = await call(process.execPath, ['--test', 'dist/index.test.js'], plugIn);
    expect(tested, tested.stdout).toMatchObject({ status: 0 });

    const vocabSync = (...words: readonly string[]) =>
      call('env', ['VOCAB_SYNC_PLUGINS=./dist/index.js', program, ...words], plugIn);
    expect(await vocabSync('check', 'terms.json')).toMatchObject({ status: 0 });
    const passed = await vocabSync('test', 'terms.json');
    expect(passed, passed.stdout + passed.stderr).toMatchObject({ status: 0 });
    const examples = join(plugIn, 'terms.examples.json');
    writeFileSync(examples, readFileSync(examples, 'utf8').replace('"name": "Tree"', '"name": "Shrub"'));
    const failed = await vocabSync('test', 'terms.json');
    expect(failed).toMatchObject({ status: 1, stdout: expect.stringContaining('expected "Shrub", found "Tree"') });
  });
});
