/**
 * The rules for every component, as checks for any test runner. Each check is a name and a function that throws an
 * AssertionError:
 *
 * ```ts
 * for (const { name, run } of readerChecks(tsv, { content: 'id\tname\n1\tOne\n', values: [{ id: '1', name: 'One' }] }))
 *   test(name, run);
 * ```
 *
 * @module
 */
export type { Check } from './checks/check.ts';
export { readerChecks, type ReaderSample } from './checks/reader-checks.ts';
export { readAll, testContext, type TestContext } from './checks/test-context.ts';
export { transformerChecks } from './checks/transformer-checks.ts';
export { writerChecks, type WriterSample } from './checks/writer-checks.ts';
