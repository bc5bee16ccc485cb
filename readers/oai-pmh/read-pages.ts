/** The entries of a harvest, page by page; or of a single answer that an operator saved. */
import type { ReadContext } from '../../src/component/reader.ts';
import type { Resource } from '../../src/component/resource.ts';
import { LimitError, SourceError } from '../../src/errors.ts';
import { parseOaiPage, type OaiPage } from '../../src/formats/oai/page.ts';
import { readBundle } from '../../src/formats/tar/read-bundle.ts';
import { blankBefore } from '../../src/formats/xml/encoding.ts';
import { XmlFault } from '../../src/formats/xml/fault.ts';
import { utf8BytesOf } from './ask-oai.ts';

export async function* readPages(
  input: Resource,
  maxBytes: number,
  context: Pick<ReadContext, 'signal' | 'warn'>,
): AsyncGenerator<OaiPage> {
  if (await isMarkup(input)) {
    yield await parsePage(input, maxBytes, context);
    return;
  }
  const { signal, warn } = context;
  for await (const { resource } of readBundle(input, { from: 0, signal, warn }))
    yield await parsePage(resource, maxBytes, context);
}

/** A tar begins with the name of its first member. */
async function isMarkup(input: Resource): Promise<boolean> {
  for await (const chunk of input.stream())
    return /^(\u00ef\u00bb\u00bf|\u00ff\u00fe|\u00fe\u00ff)?[\0\s]*</.test(chunk.toString('latin1', 0, 64));
  return true;
}

async function parsePage(input: Resource, maxBytes: number, { warn }: Pick<ReadContext, 'warn'>): Promise<OaiPage> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input.stream()) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new LimitError(
        'E_SOURCE_TOO_LARGE',
        `${input.name} has more than max_page_bytes, ${String(maxBytes)} bytes.`,
      );
    }
    chunks.push(chunk);
  }
  return parse(Buffer.concat(chunks).toString('latin1'), input.name, () => {
    warn(blankBefore(input.name));
  });
}

async function parse(body: string, name: string, onBlank: () => void): Promise<OaiPage> {
  try {
    const page = parseOaiPage(await utf8BytesOf(body, onBlank));
    if (page !== undefined) return page;
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    if (error.code !== 'E_XML_NOT_XML') {
      throw new SourceError('E_OAI_ANSWER', `${name} is XML that cannot be read: ${error.message}.`, { cause: error });
    }
  }
  throw new SourceError(
    'E_SOURCE_UNEXPECTED',
    `Expected an answer of an OAI-PMH server in ${name}, found something else.`,
  );
}
