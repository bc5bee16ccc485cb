/** docs/reference/readers.md, transformers.md and writers.md: one section for each component, from its own spec. */
import type { Catalog } from '../../component/catalog.ts';
import type { ComponentExample, Reader } from '../../component/reader.ts';
import type { Transformer, TransformerExample } from '../../component/transformer.ts';
import type { Writer } from '../../component/writer.ts';
import { toArgsSchema } from '../schema/args-schema.ts';
import { toArgsTable } from './args-table.ts';
import { GENERATED } from './generated.ts';

type Example = ComponentExample<unknown> | TransformerExample<unknown>;

export async function toReadersPage({ readers }: Catalog): Promise<string> {
  const intro =
    'A chain of readers begins with a *source*, which finds the newest version of something and fetches it; then come *containers*, ' +
    'which open resources inside a resource; the last one is a *parser*, which makes records of the bytes.';
  return page('Readers', intro, await readers.loadAll(), (reader) => [roleOf(reader), coverageOf(reader)]);
}

export async function toTransformersPage({ transformers }: Catalog): Promise<string> {
  const intro =
    'Transformers are applied to every record in the order of the job. One that cannot map a record rejects it with a reason; ' +
    'one may also leave a record out on purpose, which counts as filtered. The fields of the result, for each vocabulary: [records](records.md).';
  return page('Transformers', intro, await transformers.loadAll(), () => []);
}

export async function toWritersPage({ writers }: Catalog): Promise<string> {
  const intro = 'Every writer of a job gets all of its records, and is a target of its own in the reports.';
  return page('Writers', intro, await writers.loadAll(), (writer) => [
    {
      table: 'Publishes only what changed, in one transaction.',
      snapshot: 'Writes all published records again and replaces the target in one step if anything changed.',
      changes: 'Sends only what changed, in batches, and writes down what the target answered to each record.',
    }[writer.receives],
  ]);
}

function roleOf(reader: Reader): string {
  if (reader.accepts === 'nothing' && reader.emits === 'records')
    return 'Role: **source and parser** (alone in the chain).';
  if (reader.accepts === 'nothing') return 'Role: **source** (first in the chain).';
  return reader.emits === 'bytes'
    ? 'Role: **container** (in the middle of the chain).'
    : 'Role: **parser** (last in the chain).';
}

function coverageOf(reader: Reader): string {
  if (reader.accepts !== 'nothing') return '';
  if (reader.covers !== undefined) {
    return 'Its arguments decide whether it delivers everything there is. If it does, a record that is missing from it has been removed.';
  }
  return reader.coverage === 'full'
    ? 'It delivers everything there is, so a record that is missing from it has been removed.'
    : 'It delivers only what changed, so nothing is withdrawn because it is missing.';
}

function page<C extends Reader | Transformer | Writer>(
  title: string,
  intro: string,
  components: readonly C[],
  facts: (component: C) => readonly string[],
): string {
  const list = components.map(({ type, summary }) => `| [\`${type}\`](#${type}) | ${summary} |`);
  const table = ['| type | what it does |', '|---|---|', ...list].join('\n');
  const sections = components.map((component) => section(component, facts(component)));
  return [`# ${title}`, GENERATED, intro, table, ...sections].join('\n\n').trimEnd() + '\n';
}

function section(component: Reader | Transformer | Writer, facts: readonly string[]): string {
  const { type, summary, description, args, version } = component;
  const said = facts.filter((fact) => fact !== '').join(' ');
  const parts = [`## ${type}`, summary, description ?? '', said, toArgsTable(toArgsSchema(args)).trimEnd()];
  const examples = component.examples.map((example) => exampleOf(type, example));
  return [...parts, ...examples, `Version ${String(version)}.`].filter((part) => part !== '').join('\n\n');
}

function exampleOf(type: string, example: Example): string {
  const config = Object.keys(example.args as object).length === 0 ? { type } : { type, args: example.args };
  const text = `${example.title}:\n\n${fence('json', config)}`;
  if (!('output' in example)) return text;
  return `${text}\n\nThis record\n\n${fence('json data', example.input)}\n\nbecomes\n\n${fence('json data', example.output)}`;
}

/** `json data` is any JSON; `json` is a job or a part of one, which a test checks. */
function fence(language: string, value: unknown): string {
  return `\`\`\`${language}\n${JSON.stringify(value, null, 2)}\n\`\`\``;
}
