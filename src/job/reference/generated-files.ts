/** Every file that is made from the definitions in the code, by its path in the package. */
import type { Catalog } from '../../component/catalog.ts';
import { toJobJsonSchema } from '../schema/job-json-schema.ts';
import { toReadersPage, toTransformersPage, toWritersPage } from './component-pages.ts';
import { toErrorsPage } from './errors-page.ts';
import { toJobPage } from './job-page.ts';

export function generateFiles(catalog: Catalog): Readonly<Record<string, string>> {
  return {
    'config/job.schema.json': `${JSON.stringify(toJobJsonSchema(catalog), null, 2)}\n`,
    'docs/reference/readers.md': toReadersPage(catalog),
    'docs/reference/transformers.md': toTransformersPage(catalog),
    'docs/reference/writers.md': toWritersPage(catalog),
    'docs/reference/job.md': toJobPage(),
    'docs/reference/errors.md': toErrorsPage(),
  };
}
