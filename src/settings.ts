/**
 * The settings of this process: environment over .env file over default, read once, all problems reported together.
 * Nothing else reads `process.env`. Values that may hold a secret are masked in `origins` and in messages.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { parse } from 'dotenv';
import { z } from 'zod';
import { ConfigError, messageOf } from './errors.ts';
import { redact, rememberSecret } from './logging/redact.ts';
import { SmallFileError, readSmallFileSync } from './read-small-file.ts';

export type TemporalConnectConfig = ReturnType<typeof loadClientConnectConfig>;

export interface SettingOrigin {
  readonly name: string;
  /** Masked, for `doctor`. */
  readonly value: string;
  readonly from: 'environment' | '.env' | 'default';
}

export interface Settings {
  /** Undefined: the embedded PostgreSQL. */
  readonly databaseUrl: string | undefined;
  /** Undefined: the embedded dev server. What @temporalio/envconfig makes of TEMPORAL_* and its profile file. */
  readonly temporal: TemporalConnectConfig | undefined;
  readonly namespace: string;
  readonly home: string;
  readonly spool: string;
  /** npm names or paths of modules with further components. */
  readonly plugins: readonly string[];
  /** Empty: any host. */
  readonly allowedHosts: readonly string[];
  /** Where the Web UI of a configured Temporal is served. Undefined: not known, or that of the embedded dev server. */
  readonly webUi: string | undefined;
  /** Undefined: nobody is told by e-mail. */
  readonly mail: { readonly url: string; readonly from: string } | undefined;
  /** What a run may bring beside the name of a stored job. Undefined: see cli/servers/run-key.ts. */
  readonly runsMayBring: 'nothing' | 'signed' | 'anything' | undefined;
  /** Holds the key with which runs are signed. */
  readonly runKeyFile: string | undefined;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly logFormat: 'auto' | 'json' | 'pretty';
  readonly temporalCliPath: string | undefined;
  /** Ours below XDG_CACHE_HOME, for programs that are fetched once. */
  readonly cacheDirectory: string;
  readonly origins: readonly SettingOrigin[];
  /** Names in .env, and of ours in the environment, that are no setting: perhaps misspelt, perhaps a secret of a job. */
  readonly otherNames: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

const schema = z.object({
  DATABASE_URL: z
    .string()
    .refine(isPostgresUrl, { error: 'a URL such as postgresql://user:password@host:5432/database' })
    .optional(),
  VOCAB_SYNC_HOME: z.string().default('.vocab-sync'),
  VOCAB_SYNC_SPOOL: z.string().optional(),
  VOCAB_SYNC_PLUGINS: list.default([]),
  VOCAB_SYNC_ALLOWED_HOSTS: list
    .refine((hosts) => hosts.every((host) => /^(\*\.)?[a-z0-9.-]+(:\d+)?$/i.test(host)), {
      error: 'host names with commas between them, such as zenodo.org,*.ror.org',
    })
    .default([]),
  VOCAB_SYNC_SMTP_URL: z
    .string()
    .refine(isSmtpUrl, { error: 'a URL such as smtp://mail.example.org:25 or smtps://user:password@mail.example.org' })
    .optional(),
  VOCAB_SYNC_MAIL_FROM: z.email({ error: 'an e-mail address' }).optional(),
  VOCAB_SYNC_WEB_UI: z.string().refine(isHttpUrl, { error: 'a URL such as https://temporal.example.org' }).optional(),
  VOCAB_SYNC_RUNS_MAY_BRING: z
    .enum(['nothing', 'signed', 'anything'], { error: 'nothing, signed or anything' })
    .optional(),
  VOCAB_SYNC_RUN_KEY_FILE: z.string().optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error'], { error: 'debug, info, warn or error' }).default('info'),
  LOG_FORMAT: z.enum(['auto', 'json', 'pretty'], { error: 'auto, json or pretty' }).default('auto'),
  TEMPORAL_CLI_PATH: z.string().optional(),
  XDG_CACHE_HOME: z.string().optional(),
});

/** A name that ends with _FILE has a path as its value. */
const SECRET_NAME = /(KEY|TOKEN|SECRET|PASSWORD|GRPC_META|_DATA$)(?!_FILE$)/;

/** Throws ConfigError E_SETTINGS_INVALID that names every unusable setting with what was expected and found. */
export function loadSettings(env: Environment = process.env, cwd: string = process.cwd()): Settings {
  const variables = mergeDotenv(env, cwd);
  const parsed = schema.safeParse(Object.fromEntries(variables.values));
  const temporal = loadTemporal(variables.values);
  const problems = parsed.success ? [] : parsed.error.issues.map((issue) => describe(issue, variables));
  if (temporal instanceof Error) problems.push(`TEMPORAL_*: ${redact(temporal.message)}`);
  if (!parsed.success || temporal instanceof Error) {
    throw new ConfigError('E_SETTINGS_INVALID', `Settings cannot be used.\n  ${problems.join('\n  ')}`, {
      details: { problems },
    });
  }
  const values = parsed.data;
  const home = resolve(cwd, values.VOCAB_SYNC_HOME);
  rememberSecrets(variables.values);
  return {
    databaseUrl: values.DATABASE_URL,
    temporal: temporal.connectionOptions.address === undefined ? undefined : temporal,
    namespace: temporal.namespace ?? 'default',
    home,
    spool: values.VOCAB_SYNC_SPOOL === undefined ? join(home, 'spool') : resolve(cwd, values.VOCAB_SYNC_SPOOL),
    plugins: values.VOCAB_SYNC_PLUGINS,
    allowedHosts: values.VOCAB_SYNC_ALLOWED_HOSTS,
    webUi: values.VOCAB_SYNC_WEB_UI,
    mail: toMail(values),
    runsMayBring: values.VOCAB_SYNC_RUNS_MAY_BRING,
    runKeyFile: values.VOCAB_SYNC_RUN_KEY_FILE === undefined ? undefined : resolve(cwd, values.VOCAB_SYNC_RUN_KEY_FILE),
    logLevel: values.LOG_LEVEL,
    logFormat: values.LOG_FORMAT,
    temporalCliPath: values.TEMPORAL_CLI_PATH,
    cacheDirectory: join(values.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'vocab-sync'),
    origins: listOrigins(variables, values),
    otherNames: [...variables.values.keys()].filter(
      (name) =>
        (variables.fromFile.has(name) || name.startsWith('VOCAB_SYNC_')) &&
        !Object.hasOwn(schema.shape, name) &&
        !name.startsWith('TEMPORAL_'),
    ),
  };
}

/** For `$secret` references: a variable by name from the environment or .env; undefined when unset or empty. */
export function lookUpVariable(
  name: string,
  env: Environment = process.env,
  cwd: string = process.cwd(),
): string | undefined {
  return mergeDotenv(env, cwd).values.get(name);
}

/** The environment of this process with additions, for a program that we start. */
export function childEnvironment(additions: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...additions };
}

interface Variables {
  readonly values: ReadonlyMap<string, string>;
  readonly fromFile: ReadonlySet<string>;
}

/** An empty value counts as unset, as shells and compose files produce it. */
function mergeDotenv(env: Environment, cwd: string): Variables {
  const path = join(cwd, '.env');
  const file = existsSync(path) ? readDotenv(path) : {};
  const values = new Map<string, string>();
  const fromFile = new Set<string>();
  for (const [name, value] of Object.entries(file)) {
    if (value === '') continue;
    values.set(name, value);
    fromFile.add(name);
  }
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === '') continue;
    values.set(name, value);
    fromFile.delete(name);
  }
  return { values, fromFile };
}

const MOST_SETTINGS_BYTES = 1024 ** 2;

function readDotenv(path: string): Record<string, string> {
  try {
    return parse(readSmallFileSync(path, MOST_SETTINGS_BYTES));
  } catch (cause) {
    const message = `Expected ${path} to be a file of settings that can be read: ${messageOf(cause)}. Let this user read it, or move it away.`;
    throw new ConfigError('E_SETTINGS_INVALID', message, { cause });
  }
}

/** The library reads these files itself and would wait for the writer of a FIFO. */
const TEMPORAL_FILE = /^TEMPORAL_(?:CONFIG_FILE|TLS_\w+_PATH)$/;

function requireSmallFiles(values: ReadonlyMap<string, string>): void {
  for (const [name, path] of values) {
    if (!TEMPORAL_FILE.test(name)) continue;
    try {
      readSmallFileSync(path, MOST_SETTINGS_BYTES);
    } catch (error) {
      if (!(error instanceof SmallFileError)) continue;
      throw new Error(`${name} names ${path}, but ${error.message}`, { cause: error });
    }
  }
}

function loadTemporal(values: ReadonlyMap<string, string>): TemporalConnectConfig | Error {
  try {
    requireSmallFiles(values);
    return loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(values), configFileStrict: true });
  } catch (error) {
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}

function describe(issue: z.core.$ZodIssue, variables: Variables): string {
  const name = String(issue.path[0]);
  const where = variables.fromFile.has(name) ? '.env' : 'the environment';
  return `${name} in ${where}: expected ${issue.message}, found "${mask(name, variables.values.get(name) ?? '')}"`;
}

function listOrigins(variables: Variables, parsed: Readonly<Record<string, unknown>>): readonly SettingOrigin[] {
  const temporalNames = [...variables.values.keys()].filter((name) => name.startsWith('TEMPORAL_'));
  const names = new Set([...Object.keys(schema.shape), ...temporalNames.sort()]);
  return [...names].map((name) => {
    const value = variables.values.get(name);
    if (value === undefined) return { name, value: showDefault(parsed[name]), from: 'default' };
    return { name, value: mask(name, value), from: variables.fromFile.has(name) ? '.env' : 'environment' };
  });
}

function showDefault(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function mask(name: string, value: string): string {
  return SECRET_NAME.test(name) ? '***' : redact(value);
}

function rememberSecrets(values: ReadonlyMap<string, string>): void {
  const passwords = ['DATABASE_URL', 'VOCAB_SYNC_SMTP_URL'].map((name) => passwordOf(values.get(name)));
  for (const secret of [...passwords, values.get('TEMPORAL_API_KEY') ?? '']) rememberSecret(secret);
}

/** Both or none; the sender is the name of this program at the host of the server where it is not said. */
function toMail(values: z.infer<typeof schema>): Settings['mail'] {
  const { VOCAB_SYNC_SMTP_URL: url, VOCAB_SYNC_MAIL_FROM: from } = values;
  return url === undefined ? undefined : { url, from: from ?? `vocab-sync@${new URL(url).hostname}` };
}

function isSmtpUrl(text: string): boolean {
  return URL.canParse(text) && ['smtp:', 'smtps:'].includes(new URL(text).protocol) && new URL(text).hostname !== '';
}

function passwordOf(url: string | undefined): string {
  return url === undefined ? '' : decodeURIComponent(new URL(url).password);
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

function isPostgresUrl(text: string): boolean {
  return URL.canParse(text) && ['postgres:', 'postgresql:'].includes(new URL(text).protocol);
}
