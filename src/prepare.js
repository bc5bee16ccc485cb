/**
 * Runs after `npm ci`, in plain JavaScript because nothing is compiled then. Where the development packages are left out
 * there is nothing to build with: what was built before stays, and without it the installation is refused.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

const root = new URL('../', import.meta.url);
const built = new URL('dist/src/cli/main.js', root);

if (hasCompiler()) {
  const { status } = spawnSync('npm run build', { cwd: root, stdio: 'inherit', shell: true });
  process.exitCode = status ?? 1;
} else if (existsSync(built)) {
  console.error('The development packages are not installed, so nothing is built; what is in dist/ stays.');
} else {
  console.error(
    'vocab-sync cannot be built without its development packages, and there is no dist/ from before. ' +
      'Run `npm ci`, then `npm prune --omit=dev` to have them out again.',
  );
  process.exitCode = 1;
}

function hasCompiler() {
  try {
    createRequire(import.meta.url).resolve('typescript');
    return true;
  } catch {
    return false;
  }
}
