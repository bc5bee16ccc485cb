/** Returns every file that is generated from the definitions in the code, by its path in the package. */
import type { Catalog } from '../../component/catalog.ts';
import { toJobJsonSchema } from '../schema/job-json-schema.ts';
import { toReadersPage, toTransformersPage, toWritersPage } from './component-pages.ts';
import { toErrorsPage } from './errors-page.ts';
import { toJobPage } from './job-page.ts';
import { toRecordPages } from './record-pages.ts';

export async function generateFiles(catalog: Catalog): Promise<Readonly<Record<string, string>>> {
  return {
    'config/job.schema.json': `${JSON.stringify(await toJobJsonSchema(catalog), null, 1)}\n`,
    'docs/reference/readers.md': await toReadersPage(catalog),
    'docs/reference/transformers.md': await toTransformersPage(catalog),
    'docs/reference/writers.md': await toWritersPage(catalog),
    'docs/reference/job.md': toJobPage(),
    'docs/reference/errors.md': toErrorsPage(),
    ...toRecordPages(),
  };
}
