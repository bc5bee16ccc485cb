/**
 * Digests everything that determines the records of the same bytes and their target: every reader after the source, the
 * transformers, the writers, the vocabulary with its record schema, the version and filled-in defaults of each
 * component, and the local files that they read.
 *
 * The source reader is excluded, because its bytes have their own digest. A dump from `--input` therefore need not be
 * read again when the next run finds the same one on the web. A source reader that also parses is included. Title,
 * schedule, guards and approval do not change the records. References to secrets are included, secrets are not.
 */
import { createHash, hash } from 'node:crypto';
import type { Catalog, ComponentSet } from '../../component/catalog.ts';
import type { Reader } from '../../component/reader.ts';
import type { Transformer } from '../../component/transformer.ts';
import type { Writer } from '../../component/writer.ts';
import { requireAllowedFile } from '../../allowed-folders.ts';
import { readSmallFileSync } from '../../read-small-file.ts';
import { toArgsSchema, withDefaults } from '../schema/args-schema.ts';
import type { ComponentConfig, Job, Task } from '../schema/job.ts';
import { canonicalJson } from '../../records/json-object.ts';
import { recordSchemaDigest } from '../schema/find-record-schema.ts';

/** `sha256:` and 64 hex digits. */
export function taskDigest(task: Task, catalog: Catalog): string {
  return digestOf({
    vocabulary: task.vocabulary ?? null,
    schema: task.vocabulary === undefined ? null : recordSchemaDigest(task.vocabulary),
    readers: task.readers
      .filter((config, index) => index > 0 || readsItself(config, catalog))
      .map((config) => identify(config, catalog.readers)),
    transformers: task.transformers.map((config) => identify(config, catalog.transformers)),
    writers: task.writers.map((config) => identify(config, catalog.writers)),
  });
}

function readsItself({ type }: ComponentConfig, catalog: Catalog): boolean {
  const reader = catalog.readers.get(type);
  if (reader.accepts !== 'nothing') return false;
  return reader.emits === 'records' || reader.open !== undefined;
}

/** What decides what a source reader looks for: compare identities of source versions only where this is equal. */
export function sourceDigest(task: Task, catalog: Catalog): string {
  const [source] = task.readers;
  return digestOf(source === undefined ? null : identify(source, catalog.readers));
}

/** All tasks of a job by name. */
export function jobDigest(job: Job, catalog: Catalog): string {
  return digestOf(Object.fromEntries(job.tasks.map((task) => [task.name, taskDigest(task, catalog)])));
}

function identify(config: ComponentConfig, known: ComponentSet<Reader | Transformer | Writer>): unknown {
  const component = known.get(config.type);
  const args = withDefaults(config.args, toArgsSchema(component.args));
  const files = 'files' in component ? component.files(component.args.parse(args)) : [];
  return {
    component: `${component.type}@${String(component.version)}`,
    args,
    ...(config.layer === undefined ? {} : { layer: config.layer }),
    ...(files.length === 0 ? {} : { files: files.map(digestOfFile) }),
  };
}

/** The largest file that a component accepts; see readTableFile. */
const MOST_FILE_BYTES = 64 * 1024 ** 2;

/** Null for one that cannot be read: the component refuses it in its own words when it is made. */
function digestOfFile(path: string): string | null {
  try {
    requireAllowedFile(path);
    return hash('sha256', readSmallFileSync(path, MOST_FILE_BYTES), 'hex');
  } catch {
    return null;
  }
}

function digestOf(value: unknown): string {
  return `sha256:${createHash('sha256').update(canonicalJson(value)).digest('hex')}`;
}
