/** YAML compared with PyYAML, which InvenioRDM reads and writes its fixtures with. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { yaml } from '../../readers/yaml.ts';
import { toYamlItem } from '../../writers/file/to-yaml.ts';
import { describeWithPython, runPython } from '../support/python.ts';
import { bytesResource, outline, readRecords } from '../support/read-resource.ts';

const READ = `
import json, sys, yaml
def read(text):
    try:
        [value] = yaml.safe_load(text)
    except Exception:
        return ['refused']
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return ['value', value]
    if isinstance(value, (int, float)):
        return ['number', repr(float(value) + 0.0) if abs(value) < 1e300 else 'large']
    return ['other']
print(json.dumps([read(text) for text in json.load(sys.stdin)]))
`;
const WRITE = `
import json, sys, yaml
print(json.dumps([yaml.safe_dump(value, allow_unicode=i % 2 == 0) for i, value in enumerate(json.load(sys.stdin))]))
`;
const READ_ALL = `
import json, sys, yaml
print(json.dumps([yaml.safe_load(text) for text in json.load(sys.stdin)]))
`;

const SEED = { seed: 20261129, numRuns: 600 };
const characters = '0123456789+-._eExXobnNyYtTfF:,~ '.split('');
const scalars = fc.oneof(
  fc.string({ unit: fc.constantFrom(...characters), minLength: 1, maxLength: 10 }),
  fc.constantFrom(
    'yes',
    'No',
    'ON',
    'true',
    'False',
    'NULL',
    '~',
    '.inf',
    '-.INF',
    '.NaN',
    '2024-01-01',
    '1:30:00',
    '190:20:30.15',
  ),
);
const tricky = fc.constantFrom(
  ...characters,
  '\n',
  '\t',
  '\u0085',
  '\u2028',
  '\u2029',
  '\ufeff',
  'é',
  '😀',
  "'",
  '"',
  '#',
  '- ',
  '[',
  '{',
  '&',
  '*',
  '!',
  '|',
  '>',
  '%',
  '@',
  '\\',
  '\u0007',
);
const texts = fc.oneof(scalars, fc.string({ unit: tricky, maxLength: 12 }));
const records = fc.dictionary(texts, fc.oneof(texts, fc.array(texts, { maxLength: 3 }), fc.integer(), fc.boolean()), {
  maxKeys: 5,
});

const read = async (text: string): Promise<unknown[]> => outline(await readRecords(yaml, bytesResource(text)));

describeWithPython('YAML compared with PyYAML', ['yaml'], { timeout: 120_000 }, () => {
  it('a plain scalar is the value that PyYAML reads, or the text that is written', async () => {
    const written = fc.sample(scalars, SEED);
    const theirs = runPython(
      READ,
      written.map((text) => `- ${text}\n`),
    ) as (readonly [string, unknown?])[];
    let compared = 0;
    for (const [i, text] of written.entries()) {
      const [ours] = await read(`- ${text}\n`);
      const [kind, value] = theirs[i] ?? ['refused'];
      if (typeof ours === 'number' && value !== 'large')
        expect([text, 'number', ours + 0]).toEqual([text, kind, Number(value)]);
      else if (typeof ours === 'boolean' || ours === null) expect([text, ours]).toEqual([text, value]);
      else if (typeof ours === 'string' && kind !== 'refused' && !ours.startsWith('0:E_'))
        expect(ours).toBe(kind === 'value' && typeof value === 'string' ? value : text.trim());
      else continue;
      compared++;
    }
    expect(compared).toBeGreaterThan(SEED.numRuns / 2);
  });

  it('what PyYAML writes is read as it was, keys too', async () => {
    const values = fc.sample(records, SEED);
    const files = runPython(
      WRITE,
      values.map((value) => [value]),
    ) as string[];
    let rejected = 0;
    for (const [i, file] of files.entries()) {
      const found = await read(file);
      // A line break next to U+0085, U+2028 or U+2029: PyYAML's own output is not indented, and the item is rejected.
      const isOdd = /[\u0085\u2028\u2029]\n|\n[\u0085\u2028\u2029]/.test(
        JSON.stringify(values[i]).replaceAll('\\n', '\n'),
      );
      if (isOdd && found[0] === '0:E_RECORD_SYNTAX') rejected++;
      else expect([file, found]).toEqual([file, [values[i]]]);
    }
    expect(rejected).toBeLessThan(files.length / 20);
  });

  it('what the file writer writes is read by PyYAML as it was', () => {
    const values = fc
      .sample(fc.oneof(records, fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())), SEED)
      .filter((value) => !JSON.stringify(value).includes('__proto__'))
      .map((value) => JSON.parse(JSON.stringify(value)) as unknown);
    const long = {
      ['k'.repeat(1020)]: 1,
      ['k'.repeat(1030)]: ['a'],
      ['ß'.repeat(5000)]: { ['\u2028'.repeat(400)]: null },
    };
    const items = [...values, long];
    expect(runPython(READ_ALL, items.map(toYamlItem))).toEqual(items.map((value) => [value]));
  });
});
