/** Writes config/samples/jobs/instruments.xlsx: `npx tsx test/support/make-sample-workbook.ts`. The file is committed. */
import { realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from './source-files.ts';
import { buildXlsx, toRows } from './build-xlsx.ts';

const HEADER = ['No', 'Deutsch', 'English', 'Also called', 'Number of strings', 'Catalogued'];

/** A number that is shown with leading zeros, and a date. */
const NUMBER = 1;
const DATE = 2;
const STYLES =
  '<numFmts count="1"><numFmt numFmtId="170" formatCode="000"/></numFmts>' +
  '<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="170" applyNumberFormat="1"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs>';
const MAY_2_1987 = 31_899;

export function sampleWorkbook(): Buffer {
  const strings = toRows([
    HEADER,
    [7, 'Drehleier', 'hurdy-gurdy', 'wheel fiddle; Radleier', 6, '1985'],
    [8, 'Hackbrett', ''],
  ]);
  const winds = toRows([HEADER, ['101', 'Alphorn', 'alphorn', '', '', MAY_2_1987], ['102', '', 'ocarina']]);
  const numbered = strings.replace(/<c r="A(\d)"><v>/g, `<c r="A$1" s="${String(NUMBER)}"><v>`);
  const dated = winds.replace('<c r="F2">', `<c r="F2" s="${String(DATE)}">`);
  return buildXlsx({
    sheets: [
      { name: 'Strings', rows: numbered },
      { name: 'Winds', rows: dated },
      { name: 'Notes', rows: toRows([['Checked by the museum']]), state: 'hidden' },
    ],
    styles: STYLES,
  });
}

const started = process.argv[1];
if (started !== undefined && realpathSync(started) === import.meta.filename)
  writeFileSync(join(PROJECT_ROOT, 'config/samples/jobs/instruments.xlsx'), sampleWorkbook());
