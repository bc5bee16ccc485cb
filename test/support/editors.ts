/** The language services of VS Code for JSON and YAML, with a schema of job files. `|` in a text is the cursor. */
import { getLanguageService as jsonService, TextDocument } from 'vscode-json-languageservice';
import { getLanguageService as yamlService } from 'yaml-language-server';

export interface Editor {
  /** What is underlined: the text of the place and the message. */
  problems(text: string): Promise<readonly { readonly at: string; readonly message: string }[]>;
  /** The labels that are proposed at the cursor. */
  proposals(text: string): Promise<readonly string[]>;
  /** The words that are shown for the place of the cursor. */
  hover(text: string): Promise<string>;
}

const CURSOR = '|';
const SCHEMA = 'file:///job.schema.json';

export function openJsonEditor(schema: object): Editor {
  const service = jsonService({});
  service.configure({ validate: true, schemas: [{ uri: SCHEMA, fileMatch: ['*.json'], schema }] });
  const open = (text: string) => {
    const { document, position } = place(text, 'json');
    return { document, position, parsed: service.parseJSONDocument(document) };
  };
  return {
    async problems(text) {
      const { document, parsed } = open(text);
      return (await service.doValidation(document, parsed)).map(({ range, message }) => ({
        at: document.getText(range),
        message: textOf(message),
      }));
    },
    async proposals(text) {
      const { document, position, parsed } = open(text);
      const list = await service.doComplete(document, position, parsed);
      return (list?.items ?? []).map(({ label }) => label);
    },
    async hover(text) {
      const { document, position, parsed } = open(text);
      return wordsOf(await service.doHover(document, position, parsed));
    },
  };
}

export function openYamlEditor(schema: object): Editor {
  const service = yamlService({
    schemaRequestService: (uri) => Promise.reject(new Error(`no schema is fetched: ${uri}`)),
    workspaceContext: { resolveRelativePath: (path) => path },
  });
  service.configure({
    validate: true,
    hover: true,
    completion: true,
    schemas: [{ uri: SCHEMA, fileMatch: ['*.yaml'], schema }],
  });
  return {
    async problems(text) {
      const { document } = place(text, 'yaml');
      return (await service.doValidation(document, false)).map(({ range, message }) => ({
        at: document.getText(range),
        message,
      }));
    },
    async proposals(text) {
      const { document, position } = place(text, 'yaml');
      return (await service.doComplete(document, position, false)).items.map(({ label }) => label);
    },
    async hover(text) {
      const { document, position } = place(text, 'yaml');
      return wordsOf(await service.doHover(document, position));
    },
  };
}

let documents = 0;

/** The service for YAML keeps what it parsed by the address of a document, so each has its own. */
function place(text: string, language: string) {
  const at = Math.max(0, text.indexOf(CURSOR));
  const address = `file:///mine-${String(++documents)}.${language}`;
  const document = TextDocument.create(address, language, 1, text.replace(CURSOR, ''));
  return { document, position: document.positionAt(at) };
}

function textOf(message: string | { readonly value: string }): string {
  return typeof message === 'string' ? message : message.value;
}

/** A hover has one text, or several. */
function wordsOf(hover: { readonly contents: unknown } | null): string {
  const parts: readonly unknown[] = [hover?.contents].flat();
  return parts
    .map((part) => (typeof part === 'string' ? part : ((part as { value?: string } | undefined)?.value ?? '')))
    .join('\n');
}
