/** Resolves `$secret` references. Secrets are read just before use, stored nowhere, and never in a message. */
import { requireAllowedFile } from '../allowed-folders.ts';
import { ConfigError, messageOf } from '../errors.ts';
import type { JsonObject } from '../records/json-object.ts';
import { isSecretName, replaceReferences } from './effective/references.ts';

/** From `env:NAME` or `file:/path` to the text. Throws ConfigError E_SECRET_NOT_FOUND. */
export type ResolveSecret = (reference: string) => string;

export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file; throws when it cannot be read. */
  readonly readFile: (path: string) => string;
}

export function createSecretResolver(sources: SecretSources): ResolveSecret {
  return (reference) => {
    if (!isSecretName(reference)) {
      const message =
        'A $secret is not a reference: expected "env:NAME" or "file:/absolute/path". Correct it in the job.';
      throw new ConfigError('E_SECRET_NOT_FOUND', message);
    }
    const name = reference.slice(reference.indexOf(':') + 1);
    return reference.startsWith('env:') ? fromEnvironment(name, sources) : fromFile(name, sources);
  };
}

/** A copy of the args with every reference replaced by its text. */
export function resolveSecrets(args: JsonObject, resolve: ResolveSecret): JsonObject {
  return replaceReferences(args, '$secret', (name) => resolve(String(name))) as JsonObject;
}

function fromEnvironment(name: string, { env }: SecretSources): string {
  const text = env[name];
  if (text !== undefined && text !== '') return text;
  const found = text === undefined ? 'is not set' : 'is empty';
  throw new ConfigError(
    'E_SECRET_NOT_FOUND',
    `The job needs the environment variable ${name}, which ${found}. Set it where the worker runs, or in its .env file.`,
    { details: { variable: name } },
  );
}

function fromFile(path: string, { readFile }: SecretSources): string {
  requireAllowedFile(path);
  let text: string;
  try {
    text = readFile(path).trimEnd();
  } catch (cause) {
    throw new ConfigError(
      'E_SECRET_NOT_FOUND',
      `The job needs the secret in the file ${path}, which cannot be read: ${messageOf(cause)}. Create it on the machine of the worker.`,
      { cause, details: { file: path } },
    );
  }
  if (text !== '') return text;
  const message = `The job needs the secret in the file ${path}, which is empty. Write the secret into it.`;
  throw new ConfigError('E_SECRET_NOT_FOUND', message, { details: { file: path } });
}

export { findSecretRefs } from './effective/references.ts';
