/** Writes small workbooks, in the form of Excel. */
import { buildZip, type ZipPart } from './build-zip.ts';

export interface SheetParts {
  readonly name: string;
  /** The content of `sheetData`. */
  readonly rows: string;
  /** What follows it, such as `<mergeCells>`. */
  readonly after?: string;
  readonly state?: 'hidden' | 'veryHidden';
}

export interface WorkbookParts {
  readonly sheets: readonly SheetParts[];
  /** The content of `sst`. */
  readonly shared?: string;
  /** The content of `styleSheet`. */
  readonly styles?: string;
  readonly is1904?: boolean;
  readonly more?: readonly ZipPart[];
}

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const DOCUMENT = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const TYPES = 'http://schemas.openxmlformats.org/package/2006/content-types';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006/relationships';
const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';

export function buildXlsx({ sheets, shared, styles, is1904 = false, more = [] }: WorkbookParts): Buffer {
  const list = sheets.map(({ name, state }, i) => {
    const hidden = state === undefined ? '' : ` state="${state}"`;
    return `<sheet name="${escapeXml(name)}" sheetId="${String(i + 1)}"${hidden} r:id="rId${String(i + 1)}"/>`;
  });
  const targets = sheets.map((_, i) =>
    relation(`rId${String(i + 1)}`, 'worksheet', `worksheets/sheet${String(i + 1)}.xml`),
  );
  if (shared !== undefined) targets.push(relation('rIdS', 'sharedStrings', 'sharedStrings.xml'));
  if (styles !== undefined) targets.push(relation('rIdT', 'styles', 'styles.xml'));
  return buildZip([
    { name: '[Content_Types].xml', content: contentTypes({ sheets, shared, styles }) },
    { name: '_rels/.rels', content: relations([relation('rId1', 'officeDocument', 'xl/workbook.xml')]) },
    {
      name: 'xl/workbook.xml',
      content: `${HEAD}<workbook xmlns="${MAIN}" xmlns:r="${DOCUMENT}"><workbookPr${is1904 ? ' date1904="1"' : ''}/><sheets>${list.join('')}</sheets></workbook>`,
    },
    { name: 'xl/_rels/workbook.xml.rels', content: relations(targets) },
    ...sheets.map(({ rows, after = '' }, i) => ({
      name: `xl/worksheets/sheet${String(i + 1)}.xml`,
      content: `${HEAD}<worksheet xmlns="${MAIN}"><sheetData>${rows}</sheetData>${after}</worksheet>`,
    })),
    ...(shared === undefined
      ? []
      : [{ name: 'xl/sharedStrings.xml', content: `${HEAD}<sst xmlns="${MAIN}">${shared}</sst>` }]),
    ...(styles === undefined
      ? []
      : [{ name: 'xl/styles.xml', content: `${HEAD}<styleSheet xmlns="${MAIN}">${styles}</styleSheet>` }]),
    ...more,
  ]);
}

/** Readers such as openpyxl find the parts by it. */
function contentTypes({
  sheets,
  shared,
  styles,
}: Pick<WorkbookParts, 'sheets'> & Record<'shared' | 'styles', unknown>) {
  const kinds: (readonly [part: string, kind: string])[] = [['workbook.xml', 'sheet.main']];
  for (const i of sheets.keys()) kinds.push([`worksheets/sheet${String(i + 1)}.xml`, 'worksheet']);
  if (shared !== undefined) kinds.push(['sharedStrings.xml', 'sharedStrings']);
  if (styles !== undefined) kinds.push(['styles.xml', 'styles']);
  const overrides = kinds.map(
    ([part, kind]) =>
      `<Override PartName="/xl/${part}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.${kind}+xml"/>`,
  );
  const relationships =
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>';
  return `${HEAD}<Types xmlns="${TYPES}">${relationships}${overrides.join('')}</Types>`;
}

function relation(id: string, type: string, target: string): string {
  return `<Relationship Id="${id}" Type="${DOCUMENT}/${type}" Target="${target}"/>`;
}

function relations(all: readonly string[]): string {
  return `${HEAD}<Relationships xmlns="${PACKAGE}">${all.join('')}</Relationships>`;
}

/** Rows of texts and numbers, as inline strings and values. An empty text is a blank cell. */
export function toRows(table: readonly (readonly (string | number)[])[]): string {
  return table
    .map((row, i) => {
      const cells = row.map((value, j) => toCell(`${String.fromCharCode(65 + j)}${String(i + 1)}`, value));
      return `<row r="${String(i + 1)}">${cells.join('')}</row>`;
    })
    .join('');
}

function toCell(place: string, value: string | number): string {
  if (value === '') return '';
  if (typeof value === 'number') return `<c r="${place}"><v>${String(value)}</v></c>`;
  return `<c r="${place}" t="inlineStr"><is><t xml:space="preserve">${escapeXml(value)}</t></is></c>`;
}

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
