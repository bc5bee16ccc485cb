/**
 * Our own parsers and the packages that could replace them, on the same input in processor time, and on the inputs that
 * decide. Decision 22 rests on the output. The packages are not dependencies: install them into a folder first, as the
 * decision shows. Usage: npx tsx test/bench/parsers.ts FOLDER
 */
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { csv } from '../../readers/csv.ts';
import { json } from '../../readers/json.ts';
import { yaml } from '../../readers/yaml.ts';
import { parseTarHeader } from '../../src/formats/tar/header.ts';
import { tarMember } from '../../src/formats/tar/write.ts';
import { parseLinkHeader } from '../../src/http/parse-link-header.ts';
import { goBack } from '../../src/job/effective/since.ts';
import { checkCron, toCalendars } from '../../src/job/schedule/cron.ts';
import { isFailure } from '../../src/records/entry.ts';
import { asParser, bytesResource, testContext } from '../support/read-resource.ts';

const folder = resolve(process.argv[2] ?? '.');
const ROUNDS = 3;

/** Types are those that this file uses. */
async function candidate<T>(name: string): Promise<T> {
  const path = createRequire(join(folder, 'package.json')).resolve(name);
  const module = (await import(pathToFileURL(path).href)) as T & { readonly default?: T };
  return module.default ?? module;
}

/** Processor seconds of the fastest round: others on the machine only make a round slower. */
async function fastest(work: () => unknown): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const begun = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(begun);
    least = Math.min(least, (user + system) / 1e6);
  }
  return least;
}

async function printRate(name: string, amount: number, unit: string, work: () => unknown): Promise<void> {
  const perSecond = amount / (await fastest(work));
  console.log(`  ${name.padEnd(28)} ${perSecond >= 100 ? perSecond.toFixed(0) : perSecond.toFixed(1)} ${unit}/s`);
}

/** Calls `work` and prints what it returns, or the first line of its error. */
async function printCase(name: string, work: () => unknown): Promise<void> {
  let text: string;
  try {
    text = JSON.stringify(await work());
  } catch (error) {
    text = `error: ${String(error).split('\n')[0] ?? ''}`;
  }
  console.log(`  ${name.padEnd(28)} ${text.slice(0, 150)}`);
}

function record(i: number): Readonly<Record<string, unknown>> {
  const names = ['en', 'de', 'fr'].map((lang) => ({ lang, value: `Institute ${String(i)} of "${lang}" \\ studies é` }));
  const relationships = Array.from({ length: 6 }, (_, k) => ({
    id: `https://ror.org/0${String(i * 7 + k)}`,
    type: 'child',
  }));
  return { id: `https://ror.org/0${String(i)}`, names, relationships, established: 1900 + (i % 100), status: 'active' };
}

async function count(reader: typeof json, text: string | Buffer, name: string) {
  const found = { records: 0, rejected: 0 };
  const resource = bytesResource(text, [65_536], name);
  for await (const batch of asParser(reader).read(resource, reader.args.parse({}), testContext())) {
    for (const item of batch) {
      if (isFailure(item)) found.rejected += 1;
      else found.records += 1;
    }
  }
  return found;
}

async function benchJson(): Promise<void> {
  const records = Array.from({ length: 10_000 }, (_, i) => JSON.stringify(record(i)));
  const document = Buffer.from(`[${records.join(',\n')}]`);
  const megabytes = document.length / 1e6;
  const stream = await candidate<{ withParser(): NodeJS.ReadWriteStream }>('stream-json/streamers/StreamArray.js');
  const { JSONParser } = await candidate<{
    JSONParser: new (options: object) => {
      onValue: () => void;
      onError: (error: Error) => void;
      write(bytes: Buffer): void;
    };
  }>('@streamparser/json');
  const withStreamJson = async (bytes: Buffer): Promise<number> => {
    let read = 0;
    for await (const _ of Readable.from(slices(bytes)).pipe(stream.withParser()) as AsyncIterable<unknown>) read += 1;
    return read;
  };
  const withStreamparser = (bytes: Buffer): number => {
    let read = 0;
    const parser = new JSONParser({ paths: ['$.*'], keepStack: false });
    parser.onValue = () => {
      read += 1;
    };
    parser.onError = (error) => {
      throw error;
    };
    for (const slice of slices(bytes)) parser.write(slice);
    return read;
  };
  console.log(`JSON: ${megabytes.toFixed(1)} MB, ${String(records.length)} records`);
  await printRate('ours', megabytes, 'MB', () => count(json, document, 'a.json'));
  await printRate('stream-json', megabytes, 'MB', () => withStreamJson(document));
  await printRate('@streamparser/json', megabytes, 'MB', () => withStreamparser(document));
  const broken = Buffer.from(
    `[${[...records.slice(0, 500), '{"id":"x" "names":[]}', ...records.slice(500, 999)].join(',')}]`,
  );
  console.log(' one of 1,000 records lacks a comma');
  await printCase('ours', () => count(json, broken, 'a.json'));
  await printCase('stream-json', () => withStreamJson(broken));
  await printCase('@streamparser/json', () => withStreamparser(broken));
}

function* slices(bytes: Buffer): Generator<Buffer, void, undefined> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

async function benchCsv(): Promise<void> {
  const lines = Array.from({ length: 100_000 }, (_, i) => `${String(i)},"Institute, ""${String(i)}""",DE,1900,active`);
  const document = `id,name,country,established,status\n${lines.join('\n')}\n`;
  const { parse } = await candidate<{ parse: (text: string, options: object) => readonly unknown[] }>('csv-parse/sync');
  const papa = await candidate<{ parse: (text: string, options: object) => { readonly data: readonly unknown[] } }>(
    'papaparse',
  );
  const options = { columns: true, skip_records_with_error: true, relax_column_count: true };
  console.log(`CSV: ${String(lines.length)} rows`);
  await printRate('ours (rows ours, cells csv-parse)', lines.length, 'rows', () => count(csv, document, 'a.csv'));
  await printRate('csv-parse', lines.length, 'rows', () => parse(document, options));
  await printRate('papaparse', lines.length, 'rows', () => papa.parse(document, { header: true }));
  const broken = `id,name,country,established,status\n${[...lines.slice(0, 500), '500,"Institute,DE,1900,active', ...lines.slice(501, 1000)].join('\n')}\n`;
  console.log(' one of 1,000 rows has a quote that is not closed');
  await printCase('ours', () => count(csv, broken, 'a.csv'));
  await printCase('csv-parse', () => parse(broken, options).length);
  await printCase('papaparse', () => papa.parse(broken, { header: true, skipEmptyLines: true }).data.length);
}

async function benchYaml(): Promise<void> {
  const items = Array.from(
    { length: 4_000 },
    (_, i) => `- id: "${String(i)}"\n  title:\n    en: Term ${String(i)}\n    de: Begriff\n`,
  );
  const whole = await candidate<{ parse: (text: string) => readonly unknown[] }>('yaml');
  const { load } = await candidate<{ load: (text: string) => readonly unknown[] }>('js-yaml');
  console.log(`YAML: ${String(items.length)} items`);
  const document = items.join('');
  await printRate('ours (items ours, values yaml)', items.length, 'items', () => count(yaml, document, 'a.yaml'));
  await printRate('yaml, the whole list', items.length, 'items', () => whole.parse(document));
  await printRate('js-yaml, the whole list', items.length, 'items', () => load(document));
  const broken = [...items.slice(0, 500), '- id: "500\n  title: x\n', ...items.slice(501, 1000)].join('');
  console.log(' one of 1,000 items has a quote that is not closed');
  await printCase('ours', () => count(yaml, broken, 'a.yaml'));
  await printCase('yaml', () => whole.parse(broken).length);
  await printCase('js-yaml', () => load(broken).length);
}

async function benchTar(): Promise<void> {
  interface TarPackage {
    readonly Header: new (block: Buffer, at: number) => { readonly cksumValid: boolean; readonly path: string };
    readonly Pax: { parse(text: string): unknown };
  }
  const { Header, Pax } = await candidate<TarPackage>('tar');
  const block = tarMember('records/000/0000-0001-2345-6789.xml', Buffer.alloc(0)).subarray(0, 512);
  const times = 200_000;
  const repeat = (read: () => unknown) => () => {
    for (let i = 0; i < times; i += 1) read();
  };
  console.log('tar headers');
  await printRate(
    'ours',
    times,
    'headers',
    repeat(() => parseTarHeader(block, 0)),
  );
  await printRate(
    'tar, class Header',
    times,
    'headers',
    repeat(() => new Header(block, 0)),
  );
  const signed = Buffer.from(block);
  signed.write('é', 0, 'utf8');
  signed.fill(' ', 148, 156, 'latin1');
  const sum = [...signed].reduce((all, byte) => all + (byte > 127 ? byte - 256 : byte), 0);
  signed.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  console.log(' a checksum of signed bytes, as old tars wrote them');
  await printCase('ours', () => !('fault' in parseTarHeader(signed, 0)));
  await printCase('tar', () => new Header(signed, 0).cksumValid);
  console.log(' an extended header whose record is cut off');
  await printCase('tar, class Pax (ours refuses)', () => Pax.parse('99 path=a\n'));
}

async function benchSmall(): Promise<void> {
  const { parse: parseLinks } = await candidate<{ parse: (text: string) => { readonly refs: unknown } }>(
    'http-link-header',
  );
  const { parse: parseCron } = await candidate<{
    parse: (text: string) => { readonly fields: Readonly<Record<'hour' | 'dayOfWeek', { readonly values: unknown }>> };
  }>('cron-parser');
  const { DateTime } = await candidate<{
    DateTime: { fromJSDate(time: Date, options: object): { minus(span: object): { toJSDate(): Date } } };
  }>('luxon');
  const zenodo = '<https://a.example/1> ; rel="author" , <https://a.example/2> ; rel="linkset"';
  console.log(`Link: ${zenodo}`);
  await printCase('ours', () => parseLinkHeader(zenodo).map(({ target, rels }) => [target, rels]));
  await printCase('http-link-header', () => parseLinks(zenodo).refs);
  await printCase('ours, an invalid link first', () => parseLinkHeader('rel=x, <https://a.example/>; rel=next').length);
  await printCase('http-link-header, the same', () => parseLinks('rel=x, <https://a.example/>; rel=next').refs);
  for (const cron of [
    '0 22-2 * * *',
    '0 3 * * fri-tue',
    '0 3 * * sat-sun',
    '0 3 * * sunday',
    '0 3 * *',
    '0 3 * * 1#2',
    'H 3 * * *',
  ]) {
    console.log(`cron: ${cron}`);
    await printCase(
      'ours',
      () => checkCron(cron, 'both') ?? toCalendars(cron, 'both').map(({ hour, dayOfWeek }) => [hour, dayOfWeek])[0],
    );
    await printCase('cron-parser', () => {
      const { fields } = parseCron(cron);
      return [fields.hour.values, fields.dayOfWeek.values];
    });
  }
  const units = { years: 60, months: 40, weeks: 60, days: 400, hours: 1000, minutes: 5000, seconds: 50_000 };
  let seed = 1;
  const random = (most: number): number => (seed = (seed * 48_271) % 2_147_483_647) % most;
  let different = 0;
  const spans = 200_000;
  for (let i = 0; i < spans; i += 1) {
    const time = new Date(Date.UTC(1990 + random(60), random(12), 1 + random(31), random(24), random(60), random(60)));
    const span = Object.fromEntries(Object.entries(units).map(([unit, most]) => [unit, random(2) * random(most)]));
    const theirs = DateTime.fromJSDate(time, { zone: 'utc' }).minus(span).toJSDate();
    if (goBack(time, span).getTime() !== theirs.getTime()) different += 1;
  }
  console.log(`dates: of ${String(spans)} spans before a time, luxon calculates ${String(different)} differently`);
}

await benchJson();
await benchCsv();
await benchYaml();
await benchTar();
await benchSmall();
