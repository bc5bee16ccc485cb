/** The contract of the writers that receive changes. The ones that need PostgreSQL are in changes-writers.server.test.ts. */
import { expect, it } from 'vitest';
import type { ChangesWriter } from '../../src/component/writer.ts';
import { writers } from '../support/shipped-components.ts';
import { changesTargets, NEED_POSTGRES } from './changes-benches.ts';
import { describeChangesWriter } from './describe-changes-writer.ts';

const changesWriters = writers.filter((writer): writer is ChangesWriter => writer.receives === 'changes');

it('every one of them has a server', () => {
  const tested = [...Object.keys(changesTargets), ...NEED_POSTGRES];
  expect(tested.toSorted()).toEqual(changesWriters.map(({ type }) => type).toSorted());
});

for (const writer of changesWriters) {
  const target = changesTargets[writer.type];
  if (target !== undefined) describeChangesWriter(`changes writer ${writer.type}`, writer, target);
}
