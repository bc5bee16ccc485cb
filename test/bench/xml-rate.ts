/**
 * How fast ORCID records are read, in pairs with `tar -xzO > /dev/null` on the same file: the readers `tar` and `xml` and
 * the transformer `orcid`, then the same records known by their bytes.
 * Usage: npx tsx test/bench/xml-rate.ts [SUMMARIES.tar.gz] [--rounds N]
 */
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { tar } from '../../readers/tar.ts';
import { xml } from '../../readers/xml.ts';
import { orcid } from '../../transformers/orcid.ts';
import { parserCounts } from '../../src/formats/xml/record.ts';
import { readChain } from '../../src/pipeline/stage/read-chain.ts';
import { transformItem } from '../../src/pipeline/stage/transform-items.ts';
import { isFailure, type Recognise } from '../../src/records/entry.ts';
import { fileResource } from '../../src/spool/file-resource.ts';
import { asContainer, asParser, testServices } from '../support/read-resource.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { median } from './measure.ts';

const SHARED = new URL('../../../shared/data/orcid/orcid_summaries_names_derived.tar.gz', import.meta.url);

interface Read {
  readonly documents: number;
  readonly records: number;
  readonly seconds: number;
  /** Of all threads, unpacking included. */
  readonly cpu: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '3' } },
});
const path = positionals[0] ?? fileURLToPath(SHARED);
const items = { transforms: [orcid.create(orcid.args.parse({}), { logger: silentLogger() })], check: undefined };

/** As if all had been published before. */
const recogniseAll: Recognise = (slice) => ({ digest: hash('sha256', slice, 'hex').slice(0, 32), isKnown: true });

async function readAll(wanted: readonly string[] | undefined, recognise?: Recognise): Promise<Read> {
  const started = performance.now();
  const before = process.cpuUsage();
  let documents = 0;
  let records = 0;
  const batches = readChain({
    source: {
      type: 'file',
      resources: [fileResource({ name: basename(path), path, bytes: statSync(path).size, digest: '' })],
    },
    links: [
      { reader: asContainer(tar), args: tar.args.parse({ regex: '\\.xml$' }) },
      {
        reader: asParser(xml),
        args: xml.args.parse({ root_element: 'record' }),
        ...(wanted === undefined ? {} : { wanted }),
      },
    ],
    signal: new AbortController().signal,
    services: testServices(),
    since: undefined,
    ...(recognise === undefined ? {} : { recognise }),
    warn: () => undefined,
  });
  for await (const batch of batches) {
    for (const item of batch.items) {
      documents++;
      if (!isFailure(item) && item.isKnown === true) records++;
      else if (
        transformItem(
          item,
          items,
          () => '',
          () => undefined,
        ).kind === 'staged'
      )
        records++;
    }
  }
  const { user, system } = process.cpuUsage(before);
  return { documents, records, seconds: (performance.now() - started) / 1000, cpu: (user + system) / 1e6 };
}

function unpack(): number {
  const started = performance.now();
  execFileSync('sh', ['-c', 'tar -xzO -f "$1" > /dev/null', 'sh', path]);
  return (performance.now() - started) / 1000;
}

const times = { unpack: [] as number[], wanted: [] as number[], whole: [] as number[], known: [] as number[] };
const cpu = { wanted: [] as number[], known: [] as number[] };
let last: Read | undefined;
for (let round = 0; round < Number(values.rounds); round++) {
  times.unpack.push(unpack());
  last = await readAll(orcid.reads);
  times.wanted.push(last.seconds);
  cpu.wanted.push(last.cpu);
  const known = await readAll(orcid.reads, recogniseAll);
  times.known.push(known.seconds);
  cpu.known.push(known.cpu);
  times.whole.push((await readAll(undefined)).seconds);
}
const documents = last?.documents ?? 0;
const limit = median(times.unpack);
console.log(
  `${basename(path)}: ${String(documents)} documents, ${String(last?.records ?? 0)} records; parsers ${JSON.stringify(parserCounts)}`,
);
for (const [name, seconds] of Object.entries(times)) {
  const time = median(seconds);
  console.log(
    `${name.padEnd(7)} ${time.toFixed(2)} s ${Math.round(documents / time).toLocaleString('en')} documents/s, ${String(Math.round((100 * limit) / time))} % of the rate of tar -xzO`,
  );
}
for (const [name, seconds] of Object.entries(cpu)) {
  console.log(`${name.padEnd(7)} ${median(seconds).toFixed(2)} s of processor time, all threads`);
}
