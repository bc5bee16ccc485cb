/** Writes the inputs of the road `files`: the same rows as Parquet and as an Excel workbook with shared texts. */
import { writeFileSync } from 'node:fs';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { buildXlsx, escapeXml } from '../support/build-xlsx.ts';

const COUNTRIES = ['AT', 'CH', 'DE', 'FR', 'IT', 'SI'];
/** As many as DuckDB writes into a row group. */
const GROUP_ROWS = 122_880;

interface FileRow {
  readonly id: string;
  readonly name: string;
  readonly acronym: string | undefined;
  readonly country: string;
  readonly works: number;
  readonly latitude: number;
  readonly modified: Date;
  readonly aliases: readonly string[];
}

function rowOf(n: number): FileRow {
  return {
    id: `https://example.org/institutions/${String(n)}`,
    name: `Institution of applied research, number ${String(n)}`,
    acronym: n % 3 === 0 ? `IAR${String(n)}` : undefined,
    country: COUNTRIES[n % COUNTRIES.length] ?? 'AT',
    works: (n * 7919) % 100_000,
    latitude: 46 + (n % 1000) / 1000,
    modified: new Date(Date.UTC(2020, 0, 1) + n * 60_000),
    aliases: Array.from({ length: n % 4 }, (_, i) => `Institut ${String(n)}-${String(i)}`),
  };
}

function rowsOf(count: number): readonly FileRow[] {
  return Array.from({ length: count }, (_, n) => rowOf(n));
}

export function growParquet(path: string, count: number): void {
  const rows = rowsOf(count);
  const names = ['id', 'name', 'acronym', 'country', 'works', 'latitude', 'modified', 'aliases'] as const;
  const bytes = parquetWriteBuffer({
    columnData: names.map((name) => ({ name, data: rows.map((row) => row[name]) })),
    schema: [
      { name: 'root', num_children: 8 },
      { name: 'id', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      { name: 'name', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      { name: 'acronym', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      { name: 'country', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      { name: 'works', type: 'INT32', repetition_type: 'REQUIRED' },
      { name: 'latitude', type: 'DOUBLE', repetition_type: 'REQUIRED' },
      {
        name: 'modified',
        type: 'INT64',
        repetition_type: 'REQUIRED',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MILLIS' },
      },
      { name: 'aliases', converted_type: 'LIST', repetition_type: 'OPTIONAL', num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
    ],
    rowGroupSize: GROUP_ROWS,
  });
  writeFileSync(path, Buffer.from(bytes));
}

const HEADER = ['id', 'name', 'acronym', 'country', 'works', 'latitude', 'modified'] as const;

export function growXlsx(path: string, count: number): void {
  const numbers = new Map<string, number>();
  const shared = (text: string): string => {
    const known = numbers.get(text) ?? numbers.size;
    numbers.set(text, known);
    return String(known);
  };
  const textCell = (place: string, text: string) => `<c r="${place}" t="s"><v>${shared(text)}</v></c>`;
  const lines = [`<row r="1">${HEADER.map((name, i) => textCell(`${letter(i)}1`, name)).join('')}</row>`];
  for (let n = 0; n < count; n++) {
    const { id, name, acronym, country, works, latitude, modified } = rowOf(n);
    const r = String(n + 2);
    const days = modified.getTime() / 86_400_000 + 25_569;
    lines.push(
      `<row r="${r}" spans="1:7">${textCell(`A${r}`, id)}${textCell(`B${r}`, name)}${acronym === undefined ? '' : textCell(`C${r}`, acronym)}` +
        `${textCell(`D${r}`, country)}<c r="E${r}"><v>${String(works)}</v></c><c r="F${r}"><v>${String(latitude)}</v></c>` +
        `<c r="G${r}" s="1"><v>${String(days)}</v></c></row>`,
    );
  }
  const texts = [...numbers.keys()].map((text) => `<si><t>${escapeXml(text)}</t></si>`);
  const styles = '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs>';
  const workbook = { sheets: [{ name: 'Institutions', rows: lines.join('') }], shared: texts.join(''), styles };
  writeFileSync(path, buildXlsx(workbook));
}

function letter(i: number): string {
  return String.fromCharCode(65 + i);
}
