/** Where a worker takes the workflow code from. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { InternalError } from '../errors.ts';

export type WorkflowSource =
  { readonly workflowBundle: { readonly codePath: string } } | { readonly workflowsPath: string };

/** The compiled house has a bundle made by the build; from source the worker bundles when it starts, which takes a second more. */
export function workflowSource(): WorkflowSource {
  if (import.meta.url.endsWith('.ts'))
    return { workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)) };
  const codePath = bundlePath();
  if (existsSync(codePath)) return { workflowBundle: { codePath } };
  throw new InternalError('E_INTERNAL', `The workflow bundle ${codePath} is missing. Build it: \`npm run build\`.`);
}

/** dist/workflow-bundle.js, seen from dist/src/temporal/. */
export function bundlePath(): string {
  return fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url));
}
