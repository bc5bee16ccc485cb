/** The rules of CONTRIBUTING that hold for the tree as a whole. Each failure lists `file:line what is wrong and why`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import layers from './layers.json' with { type: 'json' };
import {
  lineOf,
  PROJECT_ROOT,
  readSourceFiles,
  type ImportStatement,
  type SourceFile,
} from './support/source-files.ts';

interface Layer {
  readonly may: readonly string[];
  readonly types?: readonly string[];
  readonly packages?: readonly string[];
  readonly roots?: readonly string[];
  readonly siblings?: boolean;
  readonly why: string;
}

const LAYERS: ReadonlyMap<string, Layer> = new Map(Object.entries(layers));
const CODE_FOLDERS = ['src', 'workflows', 'activities', 'readers', 'transformers', 'writers'];
const product = readSourceFiles(CODE_FOLDERS);
const tests = readSourceFiles(['test']);

/** DESIGN 2: the top level is fixed; the rest are the configs of tools, which look for them here. */
const TOP_LEVEL = new Set([
  ...[
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'tsconfig.types.json',
    'knip.jsonc',
    'config',
    'docs',
    'test',
  ],
  ...CODE_FOLDERS,
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'LICENSE', 'eslint.config.js', 'vitest.config.ts'],
  ...['.ci', '.github', '.editorconfig', '.gitignore', '.npmrc', '.prettierignore', '.prettierrc.json'],
]);
/** Made by tools or by the operator, and not under version control. */
const IGNORED = new Set([
  '.git',
  'node_modules',
  'dist',
  'coverage',
  '.vocab-sync',
  '.env',
  '.vscode',
  '.idea',
  '.DS_Store',
]);

const FORBIDDEN_NAMES = /^(utils?|helpers?|common|types?|lib|base|manager|misc|shared)$/;

function layerOf(path: string): string | undefined {
  return [...LAYERS.keys()].find((layer) => path === layer || path.startsWith(`${layer}/`));
}

function mayImport(from: string, file: SourceFile, statement: ImportStatement): boolean {
  const layer = LAYERS.get(from);
  const to = statement.file === undefined ? undefined : layerOf(statement.file);
  if (layer === undefined || to === undefined || to === from) return true;
  if (layer.may.includes('*') || layer.may.includes(to) || layer.roots?.includes(file.path) === true) return true;
  return statement.typeOnly && (layer.types?.some((allowed) => allowed === '*' || allowed === to) ?? false);
}

/** Collects `file:line reason` from a question that is asked of every node. */
function search(files: readonly SourceFile[], ask: (node: ts.Node, file: SourceFile) => string | undefined): string[] {
  return files.flatMap((file) => {
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      const reason = ask(node, file);
      if (reason !== undefined) found.push(`${file.path}:${String(lineOf(file.tree, node))} ${reason}`);
      ts.forEachChild(node, visit);
    };
    visit(file.tree);
    return found;
  });
}

/** Objects made from, or reached through, the prototype of a class that may belong to a package. */
function patchedObject(node: ts.Node): string | undefined {
  if (ts.isCallExpression(node)) {
    const called = node.expression.getText();
    if (called === 'Object.setPrototypeOf') return called;
    if (called === 'Object.create' && node.arguments[0]?.kind !== ts.SyntaxKind.NullKeyword) return called;
  }
  const isOwn = /^(Object|Function|Array)$/;
  if (ts.isPropertyAccessExpression(node) && node.name.text === 'prototype' && !isOwn.test(node.expression.getText())) {
    return '.prototype';
  }
  return undefined;
}

describe('the house', () => {
  it('has a fixed top level', () => {
    const strangers = readdirSync(PROJECT_ROOT).filter((name) => !TOP_LEVEL.has(name) && !IGNORED.has(name));
    expect(strangers, 'put it into a folder that exists, or add it to TOP_LEVEL with its reason').toEqual([]);
  });

  it('names files and folders in kebab-case for what they hold', () => {
    const wrong = [...product, ...tests].filter(({ path }) =>
      path.split('/').some((part) => {
        const name = part.replace(/(\.server)?(\.test|\.d)?\.ts$/, '');
        return FORBIDDEN_NAMES.test(name) || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name);
      }),
    );
    expect(
      wrong.map(({ path }) => path),
      'name the file for its main export',
    ).toEqual([]);
  });

  it('keeps files short', () => {
    const long = [...product.filter(({ lines }) => lines > 300), ...tests.filter(({ lines }) => lines > 500)];
    expect(
      long.map(({ path, lines }) => `${path} has ${String(lines)} lines`),
      'split it by reason to change',
    ).toEqual([]);
  });

  it('exports by name', () => {
    const found = search([...product, ...tests], (node) => {
      const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
      const isDefault = modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword);
      return isDefault || ts.isExportAssignment(node) ? 'exports a default; give it a name' : undefined;
    });
    expect(found).toEqual([]);
  });

  // A build from before the last change would say that generated files are out of date when they are not.
  it('checks the sources, never a build of them', () => {
    const scripts: Record<string, string> = manifest.scripts;
    const checks = Object.entries(scripts).filter(([name]) => /^(check|generate|lint|typecheck|format)/.test(name));
    expect(checks.length).toBeGreaterThan(5);
    expect(checks.filter(([, command]) => command.includes('dist/'))).toEqual([]);
  });

  it('mirrors the tree in test/', () => {
    const homes = new Set([
      'support',
      'adversary',
      'compatibility',
      'contract',
      'jobs',
      'fixtures',
      'bench',
      'docs',
      'fuzz',
      'kill',
      'screenshots',
    ]);
    const strays = tests
      .map(({ path }) => path.split('/').slice(1, -1))
      .filter(([first]) => first !== undefined && !homes.has(first))
      .map(([first = '']) => first)
      .filter(
        (first) =>
          !['src', first].some((folder) => existsSync(join(PROJECT_ROOT, folder, folder === 'src' ? first : ''))),
      );
    expect([...new Set(strays)], 'test/<folder> stands for src/<folder> or <folder>').toEqual([]);
  });
});

describe('the layers', () => {
  it('have a rule for every folder', () => {
    const without = product.map(({ path }) => path).filter((path) => layerOf(path) === undefined);
    expect(without, 'add the folder to test/layers.json and say what it may import').toEqual([]);
  });

  it('import only what their rule allows', () => {
    expect(product.flatMap(({ imports }) => imports).filter(({ file }) => file !== undefined).length).toBeGreaterThan(
      100,
    );
    const found = product.flatMap((file) => {
      const from = layerOf(file.path) ?? '';
      return file.imports
        .filter((statement) => !mayImport(from, file, statement))
        .map(
          ({ line, file: to = '' }) =>
            `${file.path}:${String(line)} imports ${to}: ${LAYERS.get(from)?.why ?? ''} (test/layers.json)`,
        );
    });
    expect(found).toEqual([]);
  });

  it('keep components apart from one another', () => {
    const found = product.flatMap((file) => {
      const layer = layerOf(file.path) ?? '';
      if (LAYERS.get(layer)?.siblings !== false || basename(file.path) === 'index.ts') return [];
      return file.imports
        .filter(({ file: to }) => to?.startsWith(`${layer}/`) === true && to.split('/').length === 2)
        .map(
          ({ line, file: to = '' }) =>
            `${file.path}:${String(line)} imports ${to}; move what they share to src/formats`,
        );
    });
    expect(found).toEqual([]);
  });

  it('keep workflows to their packages', () => {
    const found = product.flatMap((file) => {
      const packages = LAYERS.get(layerOf(file.path) ?? '')?.packages;
      if (packages === undefined) return [];
      return file.imports
        .filter(({ typeOnly, file: to, specifier }) => !typeOnly && to === undefined && !packages.includes(specifier))
        .map(
          ({ line, specifier }) => `${file.path}:${String(line)} imports ${specifier}, which must not be in the bundle`,
        );
    });
    expect(found).toEqual([]);
  });

  it('have no cycles', () => {
    const files = new Map(product.map((file) => [file.path, file]));
    const done = new Set<string>();
    const cycles: string[] = [];
    const walk = (path: string, trail: readonly string[]): void => {
      const start = trail.indexOf(path);
      if (start >= 0) cycles.push([...trail.slice(start), path].join(' → '));
      if (start >= 0 || done.has(path)) return;
      for (const { file } of files.get(path)?.imports ?? []) {
        if (file !== undefined) walk(file, [...trail, path]);
      }
      done.add(path);
    };
    for (const path of files.keys()) walk(path, []);
    expect(cycles, 'move what both need into a file of its own').toEqual([]);
  });
});

describe('each thing in one place', () => {
  it('reads the environment in src/settings.ts', () => {
    const elsewhere = product.filter(({ path }) => path !== 'src/settings.ts');
    const found = search(elsewhere, (node) =>
      ts.isPropertyAccessExpression(node) && node.getText() === 'process.env'
        ? 'reads process.env; use Settings'
        : undefined,
    );
    expect(found).toEqual([]);
  });

  it.each([
    { package: 'pg', names: ['Pool', 'default'], home: 'src/postgres', instead: 'ask src/postgres for a pool' },
    { package: 'got', names: undefined, home: 'src/http', instead: 'use the HttpService' },
    { package: '@aws-sdk/client-s3', names: undefined, home: 'src/s3', instead: 'use the S3Service' },
    { package: 'ssh2', names: undefined, home: 'src/sftp', instead: 'use the SftpService' },
  ])('imports $package in $home', ({ package: name, names, home, instead }) => {
    const found = product
      .filter(({ path }) => layerOf(path) !== home)
      .flatMap((file) =>
        file.imports
          .filter(({ specifier, typeOnly }) => specifier === name && !typeOnly)
          .filter((statement) => names === undefined || statement.names.some((used) => names.includes(used)))
          .map(({ line }) => `${file.path}:${String(line)} imports ${name}; ${instead}`),
      );
    expect(found).toEqual([]);
  });

  it('uses of Node and of packages only what they publish', () => {
    // Decision 20 has the reason for each. Their tests fail if the package changes.
    const accepted = new Set(['src/http/proxy.ts: .prototype', 'transformers/where/interpreter.ts: Object.create']);
    const found = search(product, (node, { path }) => {
      const used = ts.isIdentifier(node) && node.text === 'setFlagsFromString' ? node.text : patchedObject(node);
      if (used === undefined || accepted.has(`${path}: ${used}`)) return undefined;
      return `uses ${used}: see decision 20`;
    });
    expect(found).toEqual([]);
    const inside = product.flatMap((file) =>
      file.imports
        .filter(({ specifier }) => /^(@[^/]+\/)?[^./@][^/]*\/(lib|src|dist|build)\//.test(specifier))
        // Its package.json exports these files, with types.
        .filter(({ specifier }) => !specifier.startsWith('hyparquet/src/'))
        .map(({ line, specifier }) => `${file.path}:${String(line)} imports ${specifier}, a file inside a package`),
    );
    expect(inside).toEqual([]);
  });

  it('keeps the packages that only development has to the scripts of the build', () => {
    const scripts = [
      ...['src/cli/demo/build-samples.ts', 'src/cli/start/build-program.ts'],
      ...['src/cli/api-pages.ts', 'src/cli/generate.ts'],
    ];
    const found = product.flatMap((file) =>
      file.imports
        .filter(({ typeOnly }) => !typeOnly && !scripts.includes(file.path))
        .filter(({ specifier, file: to }) => specifier in manifest.devDependencies || scripts.includes(to ?? ''))
        .map(
          ({ line, specifier }) => `${file.path}:${String(line)} imports ${specifier}, which is not there at run time`,
        ),
    );
    expect(found).toEqual([]);
  });

  // A workflow ends as failed only through one, and cannot import what activities import: hence two places.
  it('makes ApplicationFailures in activities/failure.ts and workflows/failure.ts', () => {
    const making = /^(new ApplicationFailure|ApplicationFailure\.(create|retryable|nonRetryable|fromError))\b/;
    const found = search(
      product.filter(({ path }) => !['activities/failure.ts', 'workflows/failure.ts'].includes(path)),
      (node) =>
        (ts.isNewExpression(node) || ts.isCallExpression(node)) && making.test(node.getText())
          ? 'makes an ApplicationFailure; throw one of src/errors.ts'
          : undefined,
    );
    expect(found).toEqual([]);
  });
});

const bundle = join(PROJECT_ROOT, 'dist', 'workflow-bundle.js');

describe.skipIf(!existsSync(bundle))('the workflow bundle', () => {
  it('holds Temporal and our workflows, but neither zod nor ajv, and stays small', () => {
    const code = readFileSync(bundle, 'utf8');
    const packages = new Set(
      [...code.matchAll(/node_modules\/((?:@[^/"'\s]+\/)?[^/"'\s]+)\//g)].map((match) => match[1]),
    );
    expect([...packages]).toContain('@temporalio/workflow');
    expect([...packages].filter((name) => ['zod', 'ajv', 'pg', 'got', 'pino'].includes(name ?? ''))).toEqual([]);
    // Measured 1.6 MB with its source map for a trivial workflow.
    expect(code.length).toBeLessThan(3_000_000);
  });
});
