/** A page of a list as it is kept: what the server sent of its records, and where the list goes on. */
import type { OaiEntry, OaiPage } from '../../src/formats/oai/page.ts';

const BEGIN =
  '<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">\n<ListRecords>\n';
const END = '</ListRecords>\n</OAI-PMH>\n';

export function renderPage(
  entries: readonly OaiEntry[],
  { token, listSize }: Pick<OaiPage, 'token' | 'listSize'>,
): Buffer {
  const records = entries.map(({ xml }) => `${xml}\n`).join('');
  const size = listSize === undefined ? '' : ` completeListSize="${String(listSize)}"`;
  const isLast = token === undefined && listSize === undefined;
  const rest = isLast ? '' : `<resumptionToken${size}>${escape(token ?? '')}</resumptionToken>\n`;
  return Buffer.concat([Buffer.from(BEGIN + records, 'latin1'), Buffer.from(rest + END, 'utf8')]);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#13;');
}
