/** The reader of workbooks: the values that a librarian sees, the position of each fault, and limits. */
import { describe, expect, it } from 'vitest';
import { xlsx } from '../../readers/xlsx.ts';
import { isFailure, type ReadItem } from '../../src/records/entry.ts';
import { buildXlsx, toRows, type SheetParts, type WorkbookParts } from '../support/build-xlsx.ts';
import { buildZip } from '../support/build-zip.ts';
import { bytesResource, errorOf, readRecords, testContext } from '../support/read-resource.ts';

async function read(content: Buffer, args: object = {}, context = testContext()) {
  return readRecords(xlsx, bytesResource(content, undefined, 'book.xlsx'), args, context);
}

const valuesOf = (items: readonly ReadItem[]) =>
  items.map((item) => (isFailure(item) ? [item.error.code, item.error.message] : item.value));

async function readWorkbook(parts: WorkbookParts, args: object = {}, context = testContext()): Promise<unknown[]> {
  return valuesOf(await read(buildXlsx(parts), args, context));
}

const sheet = (rows: string, more: Partial<SheetParts> = {}): WorkbookParts => ({
  sheets: [{ name: 'Sheet1', rows, ...more }],
});
const header = '<row r="1"><c r="A1" t="str"><v>id</v></c><c r="B1" t="str"><v>x</v></c></row>';
const cellOf = (cell: string, styles = '') =>
  readWorkbook({ ...sheet(`${header}<row r="2"><c r="A2"><v>1</v></c>${cell}</row>`), styles });

const formats = (...codes: readonly string[]) =>
  `<numFmts>${codes.map((code, i) => `<numFmt numFmtId="${String(200 + i)}" formatCode="${code}"/>`).join('')}</numFmts>` +
  `<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/>${codes.map((_, i) => `<xf numFmtId="${String(200 + i)}"/>`).join('')}</cellXfs>`;

describe('cells', () => {
  it.each([
    ['<c r="B2"><v>2.2999999999999998</v></c>', '2.3'],
    ['<c r="B2"><v>0.30000000000000004</v></c>', '0.30000000000000004'],
    ['<c r="B2"><v>12345678901234567</v></c>', '12345678901234567'],
    ['<c r="B2"><v>1E-7</v></c>', '1e-7'],
    ['<c r="B2" t="b"><v>1</v></c>', true],
    ['<c r="B2" t="b"><v>0</v></c>', false],
    ['<c r="B2" t="str"><f>A1&amp;"x"</f><v>idx</v></c>', 'idx'],
    ['<c r="B2"><f>1+1</f><v>2</v></c>', '2'],
    [
      '<c r="B2" t="inlineStr"><is><r><t>rich </t></r><r><t xml:space="preserve">text &amp; é</t></r></is></c>',
      'rich text & é',
    ],
    ['<c r="B2" t="str"><v>a_x000A_b_x005F_x</v></c>', 'a\nb_x'],
    ['<c r="B2" t="d"><v>2026-11-30</v></c>', '2026-11-30'],
    ['<c r="B2"/>', undefined],
    ['<c r="B2" t="str"><f>""</f><v></v></c>', undefined],
  ])('%s', async (cell, value) => {
    expect(await cellOf(cell)).toEqual([value === undefined ? { id: '1' } : { id: '1', x: value }]);
  });

  it.each([
    ['45992', 1, '2025-12-01'],
    ['45992.520833333336', 1, '2025-12-01T12:30:00'],
    ['1', 1, '1900-01-01'],
    ['59', 1, '1900-02-28'],
    ['61', 1, '1900-03-01'],
    ['0.25', 1, '06:00:00'],
    ['45992', 2, '2025-12-01'],
    ['45992', 3, '45992'],
    ['1.5', 4, '36:00:00'],
    ['123', 5, '00123'],
    ['0.5', 6, '0.5'],
    ['45992.5', 7, '2025-12-01T12:00:00'],
    ['7', 8, '7'],
  ])('%s in the format %i is %s', async (number, style, text) => {
    const styles = formats(
      'd\\.m\\.yyyy',
      '#,##0 &quot;days&quot;',
      '[h]:mm',
      '00000',
      '0.00%',
      '[$-409]mmm d, yyyy h:mm AM/PM;@',
      '[Red]General',
    );
    expect(await cellOf(`<c r="B2" s="${String(style)}"><v>${number}</v></c>`, styles)).toEqual([{ id: '1', x: text }]);
  });

  it('dates count from 1904 where the workbook says so', async () => {
    const rows = `${header}<row r="2"><c r="B2" s="1"><v>0</v></c></row><row r="3"><c r="B3" s="1"><v>44530</v></c></row>`;
    const values = await readWorkbook({ ...sheet(rows), styles: formats(), is1904: true });
    expect(values).toEqual([{ x: '1904-01-01' }, { x: '2025-12-01' }]);
  });

  it('shared texts are found by number, without phonetic guides', async () => {
    const shared =
      '<si><t>id</t></si><si><t>名前</t><rPh sb="0" eb="1"><t>なまえ</t></rPh></si><si><r><t>a </t></r><r><t>b</t></r></si>';
    const rows =
      '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row><row><c t="s"><v>2</v></c><c t="s"><v>9</v></c></row><row><c t="s"><v>2</v></c></row>';
    expect(await readWorkbook({ ...sheet(rows), shared })).toEqual([
      ['E_CELL_INVALID', expect.stringContaining('Sheet1!B2')],
      { id: 'a b' },
    ]);
  });

  it.each([
    ['<c r="B2" t="e"><v>#REF!</v></c>', '#REF!'],
    ['<c r="B2"><f>A1+1</f></c>', 'formula without its value'],
    ['<c r="B2"><v>twelve</v></c>', 'twelve'],
    ['<c r="B2" s="1"><v>60</v></c>', 'no date'],
    ['<c r="B2" t="unknown"><v>1</v></c>', 'unknown type'],
  ])('%s rejects its row, with its place', async (cell, words) => {
    const found = await cellOf(cell, formats());
    expect(found).toEqual([['E_CELL_INVALID', expect.stringContaining(words)]]);
    expect(String(found[0])).toContain('Sheet1!B2');
  });
});

describe('tables', () => {
  it('blank rows and cells are passed over, and positions count records', async () => {
    const rows = toRows([
      ['', ''],
      ['id', 'name'],
      ['1', 'a'],
      ['', ''],
      ['2', ''],
    ]);
    const items = await read(buildXlsx(sheet(rows)));
    expect(items).toEqual([
      { position: 0, value: { id: '1', name: 'a' } },
      { position: 1, value: { id: '2' } },
    ]);
  });

  it('a title above the table, a repeated name and notes beside it', async () => {
    const rows = toRows([['My journals'], ['id', 'n', 'n'], ['1', 'a', 'b', 'a note']]);
    const context = testContext();
    expect(await readWorkbook(sheet(rows), { header_row: 2 }, context)).toEqual([{ id: '1', n: 'b' }]);
    expect(context.warnings.map(({ code }) => code)).toEqual(['W_XLSX_COLUMN_REPEATED', 'W_XLSX_COLUMN_UNNAMED']);
    const beyond = await errorOf(readWorkbook(sheet(rows), { header_row: 9 }));
    expect([beyond.code, beyond.message]).toEqual(['E_XLSX_STRUCTURE', expect.stringContaining('header_row')]);
  });

  it('one sheet, another, or all that are visible', async () => {
    const one = { name: 'One', rows: toRows([['id'], ['1'], ['2']]) };
    const two = { name: "It's two", rows: toRows([['id'], ['3']]) };
    const hidden = { name: 'Lists', rows: toRows([['id'], ['4']]), state: 'hidden' as const };
    const parts = { sheets: [hidden, one, two] };
    const context = testContext();
    expect(await readWorkbook(parts, {}, context)).toEqual([{ id: '1' }, { id: '2' }]);
    expect(context.warnings.map(({ code }) => code)).toEqual(['W_XLSX_SHEETS']);
    expect(await readWorkbook(parts, { sheet: 'Lists' })).toEqual([{ id: '4' }]);
    const all = await read(buildXlsx(parts), { sheet: '*', sheet_field: 'sheet' });
    expect(all).toEqual([
      { position: 0, value: { id: '1', sheet: 'One' } },
      { position: 1, value: { id: '2', sheet: 'One' } },
      { position: 2, value: { id: '3', sheet: "It's two" } },
    ]);
    const missing = await errorOf(readWorkbook(parts, { sheet: 'Three' }));
    expect([missing.code, missing.message]).toEqual(['E_XLSX_STRUCTURE', expect.stringContaining('"One"')]);
    const bad = { name: "It's two", rows: '<row><c t="str"><v>id</v></c></row><row><c t="e"><v>#N/A</v></c></row>' };
    expect(String(await readWorkbook({ sheets: [bad] }))).toContain("'It''s two'!A2");
  });

  it('merged cells give their value once, or to each of them', async () => {
    const rows = toRows([
      ['id', 'group', 'part'],
      ['1', 'G', ''],
      ['2', '', ''],
      ['3', '', 'p'],
    ]);
    const after = '<mergeCells><mergeCell ref="B2:C3"/></mergeCells>';
    expect(await readWorkbook(sheet(rows, { after }))).toEqual([
      { id: '1', group: 'G' },
      { id: '2' },
      { id: '3', part: 'p' },
    ]);
    expect(await readWorkbook(sheet(rows, { after }), { merged_cells: 'fill' })).toEqual([
      { id: '1', group: 'G', part: 'G' },
      { id: '2', group: 'G', part: 'G' },
      { id: '3', part: 'p' },
    ]);
  });
});

describe('what is no workbook', () => {
  const compound = Buffer.from('d0cf11e0a1b11ae1', 'hex');
  it.each([
    ['an old workbook', Buffer.concat([compound, Buffer.alloc(2000)]), '.xls'],
    [
      'one with a password',
      Buffer.concat([compound, Buffer.alloc(600), Buffer.from('EncryptedPackage', 'utf16le')]),
      'password',
    ],
    ['a binary one', buildZip([{ name: 'xl/workbook.bin', content: 'x' }]), '.xlsb'],
    ['OpenDocument', buildZip([{ name: 'content.xml', content: 'x' }]), '.ods'],
    ['another zip', buildZip([{ name: 'a.json', content: '[]' }]), 'zip archive'],
    ['CSV', Buffer.from('id,name\n'), '"csv"'],
  ])('%s is refused with what to do', async (_what, content, words) => {
    const error = await errorOf(read(content));
    expect([error.code, error.message]).toEqual(['E_XLSX_STRUCTURE', expect.stringContaining(words)]);
  });

  it.each([
    ['an end that is missing', '<row><c>'],
    ['rows out of order', '<row r="2"/><row r="1"/>'],
    ['a column that no sheet has', '<row><c r="ZZZ1"/></row>'],
    ['cells out of order', '<row r="1"><c r="B1"/><c r="A1"/></row>'],
  ])('a broken sheet: %s', async (_what, rows) => {
    expect((await errorOf(readWorkbook(sheet(rows)))).code).toBe('E_XLSX_STRUCTURE');
  });

  it('entities are never expanded', async () => {
    const content = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb">]><worksheet><sheetData/></worksheet>';
    const bomb = buildXlsx({ sheets: [] });
    expect((await errorOf(read(bomb))).code).toBe('E_XLSX_STRUCTURE');
    const parts = sheet('', { after: '' });
    const zip = buildXlsx({ ...parts, shared: '', more: [{ name: 'xl/styles.xml', content }] });
    expect(await read(zip)).toEqual([]);
    const sst = '<si><t>&b;</t></si>';
    expect((await errorOf(readWorkbook({ ...parts, shared: sst }))).message).toContain('entity');
  });
});

describe('bounds', () => {
  it('a row, the shared texts and the parts of a workbook', async () => {
    const long = 'x'.repeat(3000);
    const rows = toRows([['id'], [long], ['2']]);
    const values = await readWorkbook(sheet(rows), { max_record_bytes: 1000 });
    expect(values).toEqual([['E_RECORD_TOO_LARGE', expect.stringContaining('Sheet1!A2')], { id: '2' }]);
    const shared = `<si><t>${long}</t></si>`;
    const texts = await errorOf(readWorkbook({ ...sheet(''), shared }, { max_shared_bytes: 1000 }));
    expect(texts.code).toBe('E_SOURCE_TOO_LARGE');
    expect((await errorOf(readWorkbook(sheet(rows), { max_entry_bytes: 1000 }))).code).toBe('E_ARCHIVE_SIZE');
    const bomb = buildXlsx(sheet(' '.repeat(20 * 1024 * 1024)));
    expect((await errorOf(read(bomb))).code).toBe('E_ARCHIVE_RATIO');
    const tag = buildXlsx(sheet(`<row x="${'y'.repeat(3 * 1024 * 1024)}"/>`));
    expect((await errorOf(read(tag))).code).toBe('E_XLSX_STRUCTURE');
  });
});
