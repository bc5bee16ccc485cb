/** Loads the file of VOCAB_SYNC_TARGETS, which has a writer for each logical name, as in a job file. */
import type { BoundTarget, Catalog } from '../component/catalog.ts';
import { ConfigError, messageOf } from '../errors.ts';
import { checkJob, type BoundWriter } from '../job/check/check-job.ts';
import { describeFound, isError } from '../job/check/problem.ts';
import { TARGET_NAME } from '../job/effective/bind-targets.ts';
import { parseJsonText } from '../job/json-text.ts';
import { readSmallFile } from '../read-small-file.ts';
import { isJsonObject } from '../records/json-object.ts';

const MOST_BYTES = 1024 ** 2;

/** Throws ConfigError E_SETTINGS_INVALID with every problem of the file. */
export async function loadTargets(path: string, components: Catalog): Promise<ReadonlyMap<string, BoundTarget>> {
  const text = await readSmallFile(path, MOST_BYTES).catch((cause: unknown) => {
    throw invalid(path, [`it cannot be read: ${messageOf(cause)}`], cause);
  });
  const { readable, value, problems } = parseJsonText(text.toString('utf8'));
  if (!readable || problems.length > 0) {
    throw invalid(
      path,
      problems.map(({ message, line, column }) => `line ${String(line)}, column ${String(column)}: ${message}`),
    );
  }
  if (!isJsonObject(value)) {
    throw invalid(path, [
      `expected an object such as {"affiliations": {"type": "invenio-rdm", "args": {…}}}, found ${describeFound(value)}`,
    ]);
  }
  const found: string[] = [];
  for (const [name, writer] of Object.entries(value)) found.push(...(await problemsOf(name, writer, components)));
  if (found.length > 0) throw invalid(path, found);
  return new Map(
    Object.entries(value).map(([name, writer]) => {
      const { type, args } = writer as { readonly type: string; readonly args?: BoundTarget['args'] };
      return [name, { type, args: args ?? {} }];
    }),
  );
}

/** Checks each like the writer of a job, so that `check` and this file never disagree, even about credentials. */
async function problemsOf(name: string, writer: unknown, components: Catalog): Promise<string[]> {
  if (!TARGET_NAME.test(name)) {
    return [`"${name}": expected a name of lower-case letters, digits, "-" and "_", such as "affiliations"`];
  }
  if (!isJsonObject(writer)) {
    return [
      `"${name}": expected a writer such as {"type": "invenio-rdm", "args": {…}}, found ${describeFound(writer)}`,
    ];
  }
  const { type } = writer;
  if (typeof type === 'string' && !components.writers.types.includes(type)) {
    return [`"${name}": expected a writer (${components.writers.types.join(', ')}), found ${describeFound(type)}`];
  }
  const { findings } = await checkJob(jobWith(writer), { catalog: { ...components, targets: new Map() } });
  return findings
    .filter(isError)
    .map(({ pointer, message }) => `"${name}"${pointer.replace(/^\/writers\/0/, '')}: ${message}`);
}

function jobWith(writer: unknown): object {
  return {
    ...{ id: 'targets', title: 'Targets', vocabulary: 'affiliations' },
    readers: [{ type: 'file', args: { path: 'x.json' } }, { type: 'json' }],
    writers: [writer],
  };
}

/** Each logical name with the target that it is bound to, as reports name it. */
export async function describeTargets(catalog: Catalog): Promise<readonly BoundWriter[]> {
  const described: BoundWriter[] = [];
  for (const name of catalog.targets.keys()) {
    const { bound } = await checkJob(jobWith({ type: 'target', args: { name } }), { catalog });
    described.push(...bound);
  }
  return described;
}

function invalid(path: string, problems: readonly string[], cause?: unknown): ConfigError {
  const message = `The file ${path} of VOCAB_SYNC_TARGETS cannot be used.\n  ${problems.join('\n  ')}`;
  return new ConfigError('E_SETTINGS_INVALID', message, { details: { problems, file: path }, cause });
}
