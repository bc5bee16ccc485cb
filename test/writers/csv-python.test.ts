/** CSV files that the writer makes, read by Python's csv. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createEncoder } from '../../writers/file/create-encoder.ts';
import { fileFields } from '../../writers/file/file-args.ts';
import { describeWithPython, runPython } from '../support/python.ts';

const SCRIPT = `
import csv, io, json, sys
print(json.dumps([list(csv.reader(io.StringIO(text, newline=''), strict=True)) for text in json.load(sys.stdin)]))
`;

const tricky = fc.constantFrom(
  'a',
  'é',
  ',',
  ';',
  '"',
  "'",
  '\n',
  '\r',
  ' ',
  '\t',
  '\u0085',
  '\u2028',
  '\ufeff',
  '=',
  '\\',
  '\v',
);
const text = fc.string({ unit: tricky, maxLength: 6 });
const table = fc
  .uniqueArray(
    text.filter((name) => name !== '' && name !== '__proto__'),
    { minLength: 1, maxLength: 4 },
  )
  .chain((columns) => fc.tuple(fc.constant(columns), fc.array(fc.tuple(...columns.map(() => text)), { maxLength: 4 })));

describeWithPython("CSV compared with Python's csv", [], { timeout: 60_000 }, () => {
  it('is read as it was, names too', async () => {
    const tables = fc.sample(table, { seed: 20261129, numRuns: 2000 });
    const write = async (columns: readonly string[], rows: readonly (readonly string[])[]) => {
      const encoder = await createEncoder(fileFields.parse({ path: 'x.csv', columns }));
      const documents = rows.map((row) => ({
        id: '-',
        ...Object.fromEntries(columns.map((column, i) => [column, row[i]])),
      }));
      return String(Buffer.concat([await encoder.encode(documents), await encoder.end()]));
    };
    const files = await Promise.all(tables.map(([columns, rows]) => write(columns, rows)));
    expect(runPython(SCRIPT, files)).toEqual(tables.map(([columns, rows]) => [columns, ...rows]));
  });
});
