/**
 * `npx tsx test/kill/random.ts [--rounds 10] [--seed N] [--victims worker,postgres,temporal] [--records 20000]`: see
 * random-rounds.ts. Needs `npm run build`. Exits with 1 if a round ended differently, and prints how to repeat it.
 */
import { parseArgs } from 'node:util';
import { VICTIMS, runRandomRounds, type Victim } from './random-rounds.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    victims: { type: 'string', default: VICTIMS.join(',') },
    records: { type: 'string', default: '20000' },
  },
});

function toVictim(name: string): Victim {
  const victim = VICTIMS.find((one) => one === name);
  if (victim === undefined) throw new Error(`--victims: expected ${VICTIMS.join(', ')}, found ${name}`);
  return victim;
}

const victims = values.victims.split(',').map(toVictim);
console.log(`seed ${values.seed}, ${values.rounds} rounds, victims ${victims.join(', ')}`);
const failed = await runRandomRounds({
  rounds: Number(values.rounds),
  seed: Number(values.seed),
  victims,
  records: Number(values.records),
  say: console.log,
});
for (const seed of failed) {
  console.log(`repeat: npx tsx test/kill/random.ts --rounds 1 --seed ${String(seed)} --victims ${values.victims}`);
}
console.log(failed.length === 0 ? 'all rounds ended as without a kill' : `${String(failed.length)} rounds differ`);
process.exitCode = failed.length === 0 ? 0 : 1;
