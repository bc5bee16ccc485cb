/**
 * The house rules that a machine can check. The layer rules come from test/layers.json, which test/architecture.test.ts
 * checks a second time with resolved paths.
 */
import { readFileSync } from 'node:fs';
import tseslint from 'typescript-eslint';

const layers = JSON.parse(readFileSync(new URL('./test/layers.json', import.meta.url), 'utf8'));

const packageRules = [
  {
    name: 'pg',
    importNames: ['Pool', 'default'],
    message: 'Connections are pooled in src/postgres only; ask it for what you need.',
    except: ['src/postgres'],
  },
  { name: 'got', message: 'HTTP goes through src/http.', except: ['src/http'] },
  { name: '@aws-sdk/client-s3', message: 'Buckets are asked through src/s3.', except: ['src/s3'] },
  {
    name: 'node:process',
    importNames: ['env'],
    message: 'The environment is read in src/settings.ts only.',
    except: [],
  },
];

/** A relative import, as written in any folder of ours, that leads into `layer`. */
function leadsInto(layer) {
  const inSrc = layer.startsWith('src/');
  const name = (inSrc ? layer.slice(4) : layer).replaceAll('.', '\\.');
  const end = layer.endsWith('.ts') ? '$' : '/';
  return `^(\\./|(\\.\\./)+)${inSrc ? '(src/)?' : ''}${name}${end}`;
}

function forbiddenLayers(layer, rule) {
  if (rule.may.includes('*')) return [];
  return Object.keys(layers)
    .filter((other) => other !== layer && !rule.may.includes(other))
    .map((other) => ({
      regex: leadsInto(other),
      allowTypeImports: rule.types?.some((allowed) => allowed === '*' || allowed === other) ?? false,
      message: `${layer} must not import ${other}: ${rule.why}.`,
    }));
}

function forbiddenPackages(layer, rule) {
  if (rule.packages === undefined) return [];
  const allowed = rule.packages.join('|');
  return [
    {
      regex: `^(?!(${allowed})$)[^.]`,
      allowTypeImports: true,
      message: `${layer} imports only ${rule.packages.join(', ')}: ${rule.why}.`,
    },
  ];
}

function importRule(layer, rule) {
  const paths = packageRules
    .filter(({ except }) => !except.includes(layer))
    .map(({ name, importNames, message }) => ({ name, importNames, message, allowTypeImports: true }));
  return { paths, patterns: [...forbiddenLayers(layer, rule), ...forbiddenPackages(layer, rule)] };
}

const neighbours = { regex: '^\\./[^/]+$', message: 'A component does not import another one beside it.' };

const layerConfigs = Object.entries(layers).flatMap(([layer, rule]) => {
  const { paths, patterns } = importRule(layer, rule);
  const restrict = (more) => ({
    '@typescript-eslint/no-restricted-imports': ['error', { paths, patterns: [...patterns, ...more] }],
  });
  const all = {
    files: [layer.endsWith('.ts') ? layer : `${layer}/**/*.ts`],
    ignores: rule.roots ?? [],
    rules: restrict([]),
  };
  if (rule.siblings !== false) return [all];
  return [all, { files: [`${layer}/*.ts`], ignores: [`${layer}/index.ts`], rules: restrict([neighbours]) }];
});

const applicationFailure = {
  selector:
    "NewExpression[callee.name='ApplicationFailure'], CallExpression[callee.object.name='ApplicationFailure'][callee.property.name=/^(create|retryable|nonRetryable|fromError)$/]",
  message:
    'Only activities/failure.ts and workflows/failure.ts make an ApplicationFailure: throw one of src/errors.ts.',
};

const plainWords = JSON.parse(readFileSync(new URL('./test/plain-words.json', import.meta.url), 'utf8')).map(
  ({ pattern, instead }) => ({ pattern: new RegExp(`\\b(?:${pattern})\\b`, 'i'), instead }),
);

/** Reports words in comments for which test/plain-words.json has a plainer one. */
const plainEnglish = {
  meta: { type: 'suggestion', schema: [] },
  create: (context) => ({
    Program() {
      for (const comment of context.sourceCode.getAllComments()) {
        const text = comment.value.replaceAll(/\s*\n\s*\*?\s*/g, ' ').replaceAll(/`[^`]*`/g, '');
        for (const { pattern, instead } of plainWords) {
          const [found] = pattern.exec(text) ?? [];
          if (found === undefined) continue;
          context.report({ loc: comment.loc, message: `Write plain English: ${instead} instead of "${found}".` });
        }
      }
    },
  }),
};

const noParameterProperties = {
  selector: 'TSParameterProperty, TSEnumDeclaration, TSModuleDeclaration[kind="namespace"], Decorator',
  message: 'No parameter properties, enums, namespaces or decorators.',
};

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'node_modules/', '.vocab-sync/', 'test/fixtures/', 'docs/.vitepress/.temp/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // The error classes have constructors that only narrow the type of their code.
      '@typescript-eslint/no-useless-constructor': 'off',
      // What we build from closures has no `this`: its methods may be handed on.
      '@typescript-eslint/unbound-method': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } }],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'The environment is read in src/settings.ts only.' },
      ],
      'no-restricted-syntax': ['error', applicationFailure, noParameterProperties],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'], location: 'start' }],
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['**/*.ts'],
    ignores: ['test/**'],
    plugins: { words: { rules: { 'plain-english': plainEnglish } } },
    rules: { 'words/plain-english': 'error' },
  },
  ...layerConfigs,
  { files: ['src/settings.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['activities/failure.ts', 'workflows/failure.ts'],
    rules: { 'no-restricted-syntax': ['error', noParameterProperties] },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 500 }],
      'max-lines-per-function': 'off',
      'no-console': 'off',
      // The asymmetric matchers of vitest are of type any.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      'no-restricted-properties': 'off',
      'no-restricted-syntax': ['error', noParameterProperties],
    },
  },
  {
    files: ['test/**/*.d.ts', '*.config.ts', 'docs/.vitepress/**/*.ts'],
    rules: { 'no-restricted-exports': 'off', 'no-restricted-properties': 'off' },
  },
);
