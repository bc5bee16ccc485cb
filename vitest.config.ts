/**
 * Two projects: `fast` (`*.test.ts`) needs nothing but Node; `server` (`*.server.test.ts`) needs PostgreSQL or
 * Temporal, which test/support/global-setup.ts starts once for the whole run.
 */
import { defineConfig } from 'vitest/config';
import { ReportRetries, RETRIES } from './test/support/report-retries.ts';

const report = process.env['VITEST_JSON'];

export default defineConfig({
  test: {
    reporters: [
      'default',
      new ReportRetries(),
      ...(report === undefined ? [] : [['json', { outputFile: report }] as ['json', { outputFile: string }]]),
    ],
    pool: 'forks',
    maxWorkers: 2,
    minWorkers: 1,
    teardownTimeout: 30_000,
    // `npm run coverage`: the engine and its SQL. What runs in processes of its own, from `dist`, is not counted.
    coverage: {
      provider: 'v8',
      include: ['src/pipeline/**', 'src/postgres/**'],
      reporter: ['text', 'text-summary'],
      thresholds: { lines: 92, functions: 93, branches: 88 },
    },
    projects: [
      {
        test: {
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.server.test.ts'],
          testTimeout: 20_000,
          retry: RETRIES,
        },
      },
      {
        test: {
          name: 'server',
          include: ['test/**/*.server.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 120_000,
          retry: RETRIES,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
