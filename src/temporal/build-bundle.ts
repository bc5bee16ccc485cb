/** Run by `npm run build` after the compiler: bundles the compiled workflows into dist/workflow-bundle.js. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import { bundlePath } from './workflow-bundle.ts';

const { code } = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('../../workflows/index.js', import.meta.url)),
  logger: new DefaultLogger('WARN'),
});
await writeFile(bundlePath(), code);
