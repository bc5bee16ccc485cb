/**
 * How fast ORCID records are read: the readers `tar` and `xml` and the transformer `orcid`, in pairs with
 * `tar -xzO > /dev/null` on the same file. Usage: npx tsx test/bench/xml-rate.ts [SUMMARIES.tar.gz] [--rounds N]
 */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { tar } from '../../readers/tar.ts';
import { xml } from '../../readers/xml.ts';
import { orcid } from '../../transformers/orcid.ts';
import type { Resource } from '../../src/component/resource.ts';
import { RecordError } from '../../src/errors.ts';
import { parserCounts } from '../../src/formats/xml-record.ts';
import { isFailure } from '../../src/records/entry.ts';
import { fileResource } from '../../src/spool/file-resource.ts';
import { asContainer, asParser, singly, testContext } from '../support/read-resource.ts';
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
const transform = orcid.create(orcid.args.parse({}), { logger: silentLogger() });

async function readAll(wanted: readonly string[] | undefined): Promise<Read> {
  const started = performance.now();
  const before = process.cpuUsage();
  let documents = 0;
  let records = 0;
  const context = testContext(wanted === undefined ? {} : { wanted });
  for await (const { resource } of membersOf(
    fileResource({ name: basename(path), path, bytes: statSync(path).size, digest: '' }),
  )) {
    documents++;
    for await (const batch of asParser(xml).read(resource, xml.args.parse({ root_element: 'record' }), context)) {
      for (const item of batch) if (!isFailure(item) && isRecord(item.value)) records++;
    }
  }
  const { user, system } = process.cpuUsage(before);
  return { documents, records, seconds: (performance.now() - started) / 1000, cpu: (user + system) / 1e6 };
}

function membersOf(file: Resource): AsyncIterable<{ readonly resource: Resource }> {
  return singly(asContainer(tar).read(file, tar.args.parse({ regex: '\\.xml$' }), testContext()));
}

function isRecord(value: unknown): boolean {
  try {
    const made = transform(value, { origin: () => '', warn: () => undefined });
    return typeof made === 'object' && made !== null && 'id' in made;
  } catch (error) {
    if (error instanceof RecordError) return false;
    throw error;
  }
}

function unpack(): number {
  const started = performance.now();
  execFileSync('sh', ['-c', 'tar -xzO -f "$1" > /dev/null', 'sh', path]);
  return (performance.now() - started) / 1000;
}

const times = { unpack: [] as number[], wanted: [] as number[], whole: [] as number[] };
const cpu: number[] = [];
let last: Read | undefined;
for (let round = 0; round < Number(values.rounds); round++) {
  times.unpack.push(unpack());
  last = await readAll(orcid.reads);
  times.wanted.push(last.seconds);
  cpu.push(last.cpu);
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
console.log(`wanted: ${median(cpu).toFixed(2)} s of processor time`);
