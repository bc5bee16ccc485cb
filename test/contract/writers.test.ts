/** What every registered writer keeps to, wherever it publishes: the checks that plug-ins get. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writerChecks } from '../../src/plug-in/testing.ts';
import { catalog } from '../../src/cli/catalog.ts';
import { writers } from '../support/shipped-components.ts';

/** Args that publish into a directory, for each snapshot writer. A new one without them fails here. */
const snapshotArgs: Readonly<Record<string, (directory: string) => object>> = {
  file: (directory) => ({ path: join(directory, 'out.jsonl') }),
};

it('is registered by its type', () => {
  expect(writers.map(({ type }) => type)).toEqual(catalog.writers.types);
});

describe.each(writers.map((writer) => [writer.type, writer] as const))('writer %s', (type, writer) => {
  const args = snapshotArgs[type];
  for (const { name, run } of writerChecks(writer, args === undefined ? {} : { snapshotArgs: args })) it(name, run);

  it('has a summary that is a sentence', () => {
    expect(writer.summary).toMatch(/^[A-Z].*\.$/);
  });

  it('has args for its test, if it is handed every record', () => {
    if (writer.receives === 'snapshot') expect(Object.keys(snapshotArgs)).toContain(type);
  });
});
