/**
 * One loop of the benchmark of `map`: `map-loop.ts bare|queries|pointers|steps RECORDS`. Prints how long it took as
 * JSON. `given` prints the queries and records for another tool.
 */
import { compile, TreeInterpreter } from '@jmespath-community/jmespath';
import { map } from '../../transformers/map.ts';
import { putAt } from '../../transformers/map/set-at.ts';
import { parsePointer } from '../../src/job/pointer.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { readPeakMegabytes } from './measure.ts';

const QUERIES: Readonly<Record<string, string>> = {
  '/id': 'id',
  '/title/en': "labels[?lang=='en'].text | [0]",
  '/title/de': "labels[?lang=='de'].text | [0]",
  '/synonyms': 'groups[].names[].value',
  '/status': "status == 'active' && 'current' || 'old'",
  '/country': 'addresses[0].country.code',
};

const POINTERS: Readonly<Record<string, unknown>> = {
  '/id': { from: '/id' },
  '/title/en': { from: '/labels/1/text' },
  '/title/de': { from: '/labels/0/text' },
  '/synonyms': { from: '/groups/0/names' },
  '/status': { from: '/status' },
  '/country': { from: '/addresses/0/country/code' },
};

const STEPS: Readonly<Record<string, unknown>> = {
  '/id': { from: '/id', convert: [{ type: 'replace', pattern: '^term:', with: 't' }] },
  '/title': { from: '/labels', languages: { only: ['en', 'de'] } },
  '/synonyms': { query: 'groups[].names[].value', convert: [{ type: 'unique' }] },
  '/amount': { from: '/amount', convert: [{ type: 'number', decimal: ',', grouping: '.' }] },
  '/since': { from: '/since', convert: [{ type: 'date', from: ['DD.MM.YYYY', 'YYYY'] }] },
  '/country': { from: '/addresses/0/country/code', convert: [{ type: 'case', to: 'lower' }] },
};

function recordOf(n: number): unknown {
  return {
    id: `term:${String(n)}`,
    labels: [
      { lang: 'de', text: `Begriff ${String(n)}` },
      { lang: 'en', text: `Term ${String(n)}` },
      { lang: 'fr', text: `Terme ${String(n)}` },
    ],
    groups: [{ names: [{ value: `a${String(n)}` }, { value: 'b' }] }, { names: [{ value: 'c' }] }],
    status: n % 2 === 0 ? 'active' : 'withdrawn',
    addresses: [{ country: { code: 'AT', name: 'Austria' } }],
    amount: '1.234,50',
    since: '31.01.1998',
  };
}

type Make = (record: unknown) => unknown;

function mapping(fields: Readonly<Record<string, unknown>>): Make {
  const transform = map.create(map.args.parse({ fields }), { logger: silentLogger() });
  const context = { origin: () => '', warn: () => undefined };
  return (record) => transform(record, context);
}

/** What somebody would write without `map`. */
function bareLoop(): Make {
  const queries = Object.entries(QUERIES).map(([pointer, text]) => [parsePointer(pointer), compile(text)] as const);
  return (record) => {
    const made: Record<string, unknown> = {};
    for (const [path, tree] of queries) {
      putAt(made, path, TreeInterpreter.search(tree, record as Parameters<typeof TreeInterpreter.search>[1]));
    }
    return made;
  };
}

const MODES: Readonly<Record<string, () => Make>> = {
  bare: bareLoop,
  queries: () => mapping(Object.fromEntries(Object.entries(QUERIES).map(([pointer, query]) => [pointer, { query }]))),
  pointers: () => mapping(POINTERS),
  steps: () => mapping(STEPS),
};

const [mode = '', records = '0'] = process.argv.slice(2);
if (mode === 'given') {
  const all = Array.from({ length: Number(records) }, (_, n) => recordOf(n));
  console.log(JSON.stringify({ queries: QUERIES, records: all }));
} else measure(Number(records));

function measure(total: number): void {
  const make = MODES[mode]?.();
  if (make === undefined) throw new Error(`no mode ${mode}`);
  let characters = 0;
  const started = performance.now();
  for (let n = 0; n < total; n++) characters += JSON.stringify(make(recordOf(n))).length;
  const seconds = (performance.now() - started) / 1000;
  console.log(JSON.stringify({ seconds, megabytes: readPeakMegabytes(process.pid), characters }));
}
