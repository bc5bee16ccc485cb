/**
 * In CI a test that failed runs once more: one hiccup of a machine among thousands of tests that kill servers should not hide the
 * rest. What passed only then is named at the end of the run with its first failure, so that it is looked into.
 */
import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

export const RETRIES = process.env['CI'] === undefined ? 0 : 1;

export class ReportRetries implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const retried = modules.flatMap((module) => [...module.children.allTests()].filter(isFlaky));
    if (retried.length === 0) return;
    console.log(`\n${String(retried.length)} PASSED ONLY ON THE SECOND TRY, please look into each:`);
    for (const test of retried) {
      console.log(`- ${relative(process.cwd(), test.module.moduleId)} > ${test.fullName}`);
      for (const { message } of test.result().errors ?? []) console.log(message.replaceAll(/^/gmu, '    '));
    }
  }
}

function isFlaky(test: TestCase): boolean {
  return test.diagnostic()?.flaky === true;
}
