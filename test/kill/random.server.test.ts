/** A few rounds of random kills. `npx tsx test/kill/random.ts --rounds 50` does more, with other seeds. */
import { expect, it } from 'vitest';
import { describeWithServers } from '../support/temporal-server.ts';
import { TARGET_VICTIMS, VICTIMS, runRandomRounds } from './random-rounds.ts';

describeWithServers('a run whose worker, database or Temporal is killed at a random moment', () => {
  it.each(VICTIMS)('ends as without the kill of %s', { timeout: 420_000 }, async (victim) => {
    const lines: string[] = [];
    const say = (line: string) => lines.push(line);
    const failed = await runRandomRounds({ rounds: 1, seed: 20261129, victims: [victim], records: 8_000, say });
    expect(failed, lines.join('\n')).toEqual([]);
  });

  it(
    'leaves every target as without the kill of the worker or of one of them, and as without a cancel',
    { timeout: 600_000 },
    async () => {
      const lines: string[] = [];
      const victims = ['worker', ...TARGET_VICTIMS, 'cancel'] as const;
      const failed = await runRandomRounds({
        rounds: victims.length,
        seed: 20261130,
        ...{ victims, inTurn: true },
        records: 600,
        targets: {},
        say: (line) => lines.push(line),
      });
      expect(failed, lines.join('\n')).toEqual([]);
    },
  );
});
