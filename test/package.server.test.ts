/** The package as another project gets it: what is in it, and that it runs where it was installed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { describeWithServers } from './support/temporal-server.ts';
import { PROJECT_ROOT } from './support/source-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'vocab-sync-package-'));
let tarball: string;
let files: readonly string[];

beforeAll(() => {
  // The build of `npm test` is packed; packing must not build again beside other tests.
  const { stdout } = npm(['pack', '--ignore-scripts', '--json', '--pack-destination', folder], PROJECT_ROOT);
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

function npm(words: readonly string[], cwd: string) {
  const result = spawnSync('npm', words, { cwd, encoding: 'utf8', timeout: 240_000, maxBuffer: 1 << 26 });
  return { ...result, stdout: result.stdout.slice(Math.max(0, result.stdout.search(/^[[{]/m))) };
}

describe('the package', () => {
  it('has what a user needs and nothing of the development', () => {
    for (const path of [
      'dist/src/cli/main.js',
      'dist/src/errors.js',
      'dist/workflow-bundle.js',
      'config/job.schema.json',
    ])
      expect(files).toContain(path);
    const strangers = files.filter((path) => /(^|\/)test\/|\.ts$|eslint|prettier|vitest|tsconfig|^\.ci/.test(path));
    expect(strangers).toEqual([]);
    expect(files.length).toBeLessThan(600);
  });

  it('names every chunk that the program loads', () => {
    const path = join(PROJECT_ROOT, 'dist/src/cli/main.js');
    // A link on PATH runs it, as operate.md says.
    expect(statSync(path).mode & 0o111).toBe(0o111);
    const main = readFileSync(path, 'utf8');
    const chunks = [...main.matchAll(/chunks\/([\w-]+\.js)/g)].map((match) => `dist/src/chunks/${match[1] ?? ''}`);
    expect(chunks.length).toBeGreaterThan(0);
    expect(files).toEqual(expect.arrayContaining(chunks));
  });
});

const isOnline = npm(['view', 'zod', 'version'], tmpdir()).status === 0;
if (!isOnline) console.warn('SKIPPED: no npm registry can be reached, so the package is not installed elsewhere');

describeWithServers('the package in another project', () => {
  it.skipIf(!isOnline)(
    'installs, says its version, checks a job and runs the demo',
    () => {
      const project = join(folder, 'project');
      writeFileSync(join(folder, 'package.json'), '{}');
      const installed = npm(['install', '--no-audit', '--no-fund', '--prefix', project, tarball], folder);
      expect({ status: installed.status, stderr: installed.stderr }).toMatchObject({ status: 0 });
      const program = join(project, 'node_modules', '.bin', 'vocab-sync');
      const call = (...words: readonly string[]) =>
        spawnSync(program, words, { cwd: project, encoding: 'utf8', timeout: 180_000 });
      expect(call('--version').stdout.trim()).toBe(manifest.version);
      expect(call('--help').stdout).toContain('Start here');
      expect(call('check', 'ror-affiliations')).toMatchObject({ status: 0 });
      expect(call('completion', 'bash').stdout).toContain('complete -F');
      const demo = call('demo', '--no-keep', '--json');
      expect({ status: demo.status, stderr: demo.stderr }).toMatchObject({ status: 0 });
      const { approved } = JSON.parse(demo.stdout) as { approved: { outcome: string } };
      expect(approved.outcome).toBe('success');
    },
    600_000,
  );
});
