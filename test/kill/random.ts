/**
 * `npx tsx test/kill/random.ts [--rounds 10] [--seed N] [--victims worker,postgres,temporal] [--records 20000] [--in-turn]`: see
 * random-rounds.ts. Needs `npm run build`. Exits with 1 if a round ended differently, and prints how to repeat it.
 *
 * `--targets` also publishes into targets outside the database, which are victims `search`, `rest`, `solr`, `webhook` and `table`.
 * The victim `cancel` cancels the run. `--in-turn`: the victims come in their order. `--opensearch DIR` or
 * `--elasticsearch DIR` starts and kills the server that is unpacked there, in place of the index server of the tests, and
 * `--solr COMMAND` a real Solr (see real-servers.ts).
 */
import { parseArgs } from 'node:util';
import { TARGET_VICTIMS, VICTIMS, runRandomRounds, type Victim } from './random-rounds.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    victims: { type: 'string' },
    records: { type: 'string' },
    targets: { type: 'boolean', default: false },
    'in-turn': { type: 'boolean', default: false },
    opensearch: { type: 'string' },
    elasticsearch: { type: 'string' },
    solr: { type: 'string' },
  },
});
const real = (['opensearch', 'elasticsearch', 'solr'] as const).filter((name) => values[name] !== undefined);
if (real.length > 0 && !values.targets) throw new Error(`--${String(real[0])} needs --targets`);
const [search] = (['opensearch', 'elasticsearch'] as const).flatMap((type) => {
  const home = values[type];
  return home === undefined ? [] : [{ type, home }];
});
const known: readonly Victim[] = values.targets ? [...VICTIMS, ...TARGET_VICTIMS, 'cancel'] : VICTIMS;
const records = values.records ?? (values.targets ? '3000' : '20000');

function toVictim(name: string): Victim {
  const victim = known.find((one) => one === name);
  if (victim === undefined) throw new Error(`--victims: expected ${known.join(', ')}, found ${name}`);
  return victim;
}

const victims = (values.victims ?? known.join(',')).split(',').map(toVictim);
console.log(`seed ${values.seed}, ${values.rounds} rounds, victims ${victims.join(', ')}`);
const failed = await runRandomRounds({
  rounds: Number(values.rounds),
  seed: Number(values.seed),
  victims,
  inTurn: values['in-turn'],
  records: Number(records),
  ...(values.targets ? { targets: { search, solr: values.solr } } : {}),
  say: console.log,
});
const same = [
  `--victims ${victims.join(',')} --records ${records}`,
  ...(values.targets ? ['--targets'] : []),
  ...real.map((name) => `--${name} '${String(values[name])}'`),
].join(' ');
for (const seed of failed) console.log(`repeat: npx tsx test/kill/random.ts --rounds 1 --seed ${String(seed)} ${same}`);
console.log(failed.length === 0 ? 'all rounds ended as without a kill' : `${String(failed.length)} rounds differ`);
process.exitCode = failed.length === 0 ? 0 : 1;
