/**
 * The settings of this process: environment over a file over default, read once, all problems reported together. Nothing
 * else reads `process.env`. A value that may hold a secret is masked in `origins` and never quoted in a message.
 */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { loadClientConnectConfig } from '@temporalio/envconfig';
import { z } from 'zod';
import { ConfigError } from './errors.ts';
import { redact, rememberSecret } from './logging/redact.ts';
import { quote } from './clip.ts';
import { readVariables, type EnvFileOptions, type Variables } from './settings/env-files.ts';
import {
  databaseUrlProblem,
  passwordsOf,
  shownUrl,
  smtpUrlProblem,
  temporalAddressProblem,
  webUiProblem,
} from './settings/server-url.ts';
import { memoryProblems, spoolShape, memoryShape, toWorkerLimits, type WorkerLimits } from './settings/limits.ts';
import { deploymentProblems, deploymentShape, toDeployment, type Deployment } from './settings/deployment.ts';
import { loadTemporal } from './settings/load-temporal.ts';

export type TemporalConnectConfig = ReturnType<typeof loadClientConnectConfig>;

interface SettingOrigin {
  readonly name: string;
  /** Masked, for `doctor`. */
  readonly value: string;
  /** `environment`, `default`, or the file that it was read from: `.env`, or a path. */
  readonly from: string;
}

export interface Settings extends WorkerLimits {
  /** Undefined: the embedded PostgreSQL. */
  readonly databaseUrl: string | undefined;
  /** Undefined: the embedded dev server. What @temporalio/envconfig makes of TEMPORAL_* and its profile file. */
  readonly temporal: TemporalConnectConfig | undefined;
  readonly namespace: string;
  readonly home: string;
  readonly spool: string;
  /** The file that binds logical names to targets, as an absolute path. */
  readonly targetsFile: string | undefined;
  /** npm names or paths of modules with further components. */
  readonly plugins: readonly string[];
  /** Empty: any host. */
  readonly allowedHosts: readonly string[];
  /** The hosts that a source may lead to although they are private or use http. */
  readonly trustedHosts: readonly string[];
  /** Where the Web UI of a configured Temporal is served. Undefined: not known, or that of the embedded dev server. */
  readonly webUi: string | undefined;
  /** Undefined: no e-mail is sent. */
  readonly mail: { readonly url: string; readonly from: string } | undefined;
  /** What a run may bring in addition to the name of a stored job. Undefined: see cli/servers/run-key.ts. */
  readonly runsMayBring: 'nothing' | 'signed' | 'anything' | undefined;
  /** Holds the key with which runs are signed. */
  readonly runKeyFile: string | undefined;
  /** The folders that jobs may read and write files in, as absolute paths. Empty: any. */
  readonly folders: readonly string[];
  /** The worker deployment of Temporal that this worker belongs to. Undefined: Worker Versioning is not used. */
  readonly deployment: Deployment | undefined;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly logFormat: 'auto' | 'json' | 'pretty';
  readonly temporalCliPath: string | undefined;
  /** Ours below XDG_CACHE_HOME, for programs that are fetched once. */
  readonly cacheDirectory: string;
  /** Settings in `.env` that were not read, because they name code to execute. */
  readonly ignoredInEnvFile: readonly string[];
  readonly origins: readonly SettingOrigin[];
  /** Names in files, and VOCAB_SYNC_ or TEMPORAL_ names, that are not settings: misspelt, or a secret of a job. */
  readonly otherNames: readonly string[];
  /** The settings file of the service where it exists and is not used. */
  readonly serviceFile: Variables['serviceFile'];
  /** For `$secret` references: a variable of the environment or of the settings file, as it is now. */
  readonly variable: (name: string) => string | undefined;
  /** The file that `--env-file` named. */
  readonly envFile: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

const hostList = list
  .refine((hosts) => hosts.every((host) => /^((\*\.)?[a-z0-9.-]+|\[[0-9a-f:]+\])(:\d+)?$/i.test(host)), {
    error: 'expected host names with commas between them, such as zenodo.org,*.ror.org',
  })
  .default([]);

const schema = z.object({
  DATABASE_URL: checked(databaseUrlProblem).optional(),
  VOCAB_SYNC_HOME: z.string().default('.vocab-sync'),
  VOCAB_SYNC_SPOOL: z.string().optional(),
  ...spoolShape,
  VOCAB_SYNC_PLUGINS: list.default([]),
  VOCAB_SYNC_TARGETS: z.string().optional(),
  VOCAB_SYNC_ALLOWED_HOSTS: hostList,
  VOCAB_SYNC_TRUSTED_HOSTS: hostList,
  VOCAB_SYNC_SMTP_URL: checked(smtpUrlProblem).optional(),
  VOCAB_SYNC_MAIL_FROM: z.email({ error: 'expected an e-mail address' }).optional(),
  VOCAB_SYNC_WEB_UI: checked(webUiProblem).optional(),
  VOCAB_SYNC_RUNS_MAY_BRING: z
    .enum(['nothing', 'signed', 'anything'], { error: 'expected nothing, signed or anything' })
    .optional(),
  VOCAB_SYNC_FOLDERS: list.default([]),
  VOCAB_SYNC_RUN_KEY_FILE: z.string().optional(),
  ...memoryShape,
  ...deploymentShape,
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error'], { error: 'expected debug, info, warn or error' })
    .default('info'),
  LOG_FORMAT: z.enum(['auto', 'json', 'pretty'], { error: 'expected auto, json or pretty' }).default('auto'),
  TEMPORAL_ADDRESS: checked(temporalAddressProblem).optional(),
  TEMPORAL_CLI_PATH: z.string().optional(),
  XDG_CACHE_HOME: z.string().optional(),
});

/** As Temporal's SDKs and CLI read them, besides TEMPORAL_GRPC_META_ and any name. */
const TEMPORAL_NAMES = [
  ...['ADDRESS', 'NAMESPACE', 'API_KEY', 'PROFILE', 'CONFIG_FILE', 'TLS', 'TLS_SERVER_NAME', 'CODEC_ENDPOINT'],
  ...['TLS_CLIENT_CERT_PATH', 'TLS_CLIENT_CERT_DATA', 'TLS_CLIENT_KEY_PATH', 'TLS_CLIENT_KEY_DATA', 'CODEC_AUTH'],
  ...['TLS_SERVER_CA_CERT_PATH', 'TLS_SERVER_CA_CERT_DATA', 'TLS_DISABLE_HOST_VERIFICATION'],
].map((name) => `TEMPORAL_${name}`);

/** Every name that is read as a setting. */
export const SETTING_NAMES: readonly string[] = [...new Set([...Object.keys(schema.shape), ...TEMPORAL_NAMES])];

/** Values that hold no credential and may be quoted. */
const PLAIN_NAMES = new Set(['LOG_LEVEL', 'LOG_FORMAT', 'VOCAB_SYNC_RUNS_MAY_BRING']);

/** A name that ends with _PATH or _FILE has a path as its value. */
const SECRET_NAME = /(KEY|TOKEN|SECRET|PASSWORD|GRPC_META|CODEC_AUTH|_DATA$)(?!_PATH$|_FILE$)/;

/** Throws ConfigError E_SETTINGS_INVALID that names every unusable setting with what was expected and what is wrong. */
export function loadSettings(
  env: Environment = process.env,
  cwd: string = process.cwd(),
  options: EnvFileOptions = {},
): Settings {
  const variables = readVariables(env, cwd, options);
  rememberSecrets(variables.values);
  const parsed = schema.safeParse(Object.fromEntries(variables.values));
  const temporal = loadTemporal(variables.values);
  const problems = parsed.success
    ? [...cutProblems(variables), ...memoryProblems(parsed.data), ...deploymentProblems(parsed.data)]
    : parsed.error.issues.map((issue) => describe(issue, variables));
  if (temporal instanceof Error) problems.push(`TEMPORAL_*: ${redact(temporal.message)}`);
  else problems.push(...profileProblems(temporal, variables));
  if (!parsed.success || temporal instanceof Error || problems.length > 0) {
    throw new ConfigError('E_SETTINGS_INVALID', `Settings cannot be used.\n  ${problems.join('\n  ')}`, {
      details: { problems },
    });
  }
  const values = parsed.data;
  const home = resolve(cwd, values.VOCAB_SYNC_HOME);
  return {
    databaseUrl: values.DATABASE_URL,
    temporal: temporal.connectionOptions.address === undefined ? undefined : temporal,
    namespace: temporal.namespace ?? 'default',
    home,
    spool: values.VOCAB_SYNC_SPOOL === undefined ? join(home, 'spool') : resolve(cwd, values.VOCAB_SYNC_SPOOL),
    targetsFile: values.VOCAB_SYNC_TARGETS === undefined ? undefined : resolve(cwd, values.VOCAB_SYNC_TARGETS),
    plugins: values.VOCAB_SYNC_PLUGINS,
    allowedHosts: values.VOCAB_SYNC_ALLOWED_HOSTS,
    trustedHosts: values.VOCAB_SYNC_TRUSTED_HOSTS,
    webUi: values.VOCAB_SYNC_WEB_UI,
    mail: toMail(values),
    runsMayBring: values.VOCAB_SYNC_RUNS_MAY_BRING,
    runKeyFile: values.VOCAB_SYNC_RUN_KEY_FILE === undefined ? undefined : resolve(cwd, values.VOCAB_SYNC_RUN_KEY_FILE),
    folders: values.VOCAB_SYNC_FOLDERS.map((folder) => resolve(cwd, folder)),
    logLevel: values.LOG_LEVEL,
    logFormat: values.LOG_FORMAT,
    ...toWorkerLimits(values),
    deployment: toDeployment(values),
    temporalCliPath: values.TEMPORAL_CLI_PATH,
    cacheDirectory: join(values.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'vocab-sync'),
    origins: listOrigins(variables, values),
    otherNames: [...variables.values.keys()].filter(
      (name) =>
        (variables.files.has(name) || /^(?:VOCAB_SYNC|TEMPORAL)_/.test(name)) &&
        !SETTING_NAMES.includes(name) &&
        !name.startsWith('TEMPORAL_GRPC_META_'),
    ),
    ignoredInEnvFile: variables.ignored,
    serviceFile: variables.serviceFile,
    variable: (name) => lookUpVariable(name, env, cwd, options),
    envFile: options.envFile === undefined ? undefined : resolve(cwd, options.envFile),
  };
}

/** For `$secret` references: a variable by name from the environment or a settings file; undefined when unset or empty. */
export function lookUpVariable(
  name: string,
  env: Environment = process.env,
  cwd: string = process.cwd(),
  options: EnvFileOptions = {},
): string | undefined {
  return readVariables(env, cwd, options).values.get(name);
}

/** What the driver and the server of PostgreSQL would take from the environment, besides the password. */
const POSTGRES_NAMES = /^PG(?!PASSWORD$|PASSFILE$)/;

/** For the embedded PostgreSQL: what the environment says is meant for another server. */
export function forgetPostgresVariables(): void {
  for (const name of Object.keys(process.env)) if (POSTGRES_NAMES.test(name)) Reflect.deleteProperty(process.env, name);
}

/** The environment of this process with additions, for a program that we start. */
export function childEnvironment(additions: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...additions };
}

function describe(issue: z.core.$ZodIssue, variables: Variables): string {
  const name = String(issue.path[0]);
  const found = PLAIN_NAMES.has(name) ? `, found ${quote(variables.values.get(name) ?? '')}` : '';
  const comment = variables.cutByComment.has(name) ? ` ${COMMENT}` : '';
  return `${name} in ${placeOf(name, variables)}: ${issue.message}${found}.${comment}`;
}

const COMMENT =
  'In .env an unquoted # begins a comment, so that the value ends before it: put the value in quotes, and write a # in a password as %23.';

/** What is left of a value may look right and name another server. */
function cutProblems(variables: Variables): string[] {
  const names = [...variables.cutByComment].filter((name) => SETTING_NAMES.includes(name) && !PLAIN_NAMES.has(name));
  return names.map((name) => `${name} in .env: expected a value without a comment directly after it. ${COMMENT}`);
}

function profileProblems({ connectionOptions: { address } }: TemporalConnectConfig, variables: Variables): string[] {
  if (address === undefined || variables.values.has('TEMPORAL_ADDRESS')) return [];
  const problem = temporalAddressProblem(address);
  return problem === undefined ? [] : [`The address in the profile file of Temporal: ${problem}.`];
}

function placeOf(name: string, { files }: Variables): string {
  return files.get(name) ?? 'the environment';
}

function listOrigins(variables: Variables, parsed: Readonly<Record<string, unknown>>): readonly SettingOrigin[] {
  const isTemporal = (name: string): boolean => TEMPORAL_NAMES.includes(name) || name.startsWith('TEMPORAL_GRPC_META_');
  const temporalNames = [...variables.values.keys()].filter(isTemporal);
  const names = new Set([...Object.keys(schema.shape), ...temporalNames.sort()]);
  return [...names].map((name) => {
    const value = variables.values.get(name);
    if (value === undefined) return { name, value: showDefault(parsed[name]), from: 'default' };
    return { name, value: mask(name, value), from: variables.files.get(name) ?? 'environment' };
  });
}

function showDefault(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function mask(name: string, value: string): string {
  if (SECRET_NAME.test(name)) return '***';
  return redact(URL_NAMES.has(name) ? shownUrl(value) : value);
}

const URL_NAMES = new Set(['DATABASE_URL', 'VOCAB_SYNC_SMTP_URL']);

/** Before anything can fail: the message of a library may quote what it was given. */
function rememberSecrets(values: ReadonlyMap<string, string>): void {
  const passwords = [...URL_NAMES].flatMap((name) => {
    try {
      return passwordsOf(values.get(name) ?? '');
    } catch {
      // A % that begins no escape; the setting is refused below.
      return [];
    }
  });
  const tokens = [...values].filter(([name]) => name.startsWith('TEMPORAL_') && SECRET_NAME.test(name));
  for (const secret of [...passwords, ...tokens.map(([, value]) => value)]) rememberSecret(secret);
}

/** Both or none; the sender is the name of this program at the host of the server where it is not said. */
function toMail(values: z.infer<typeof schema>): Settings['mail'] {
  const { VOCAB_SYNC_SMTP_URL: url, VOCAB_SYNC_MAIL_FROM: from } = values;
  return url === undefined ? undefined : { url, from: from ?? `vocab-sync@${new URL(url).hostname}` };
}

/** `problem` gives a sentence that begins with `expected` and quotes nothing. */
function checked(problem: (text: string) => string | undefined): z.ZodType<string> {
  return z.string().superRefine((text, context) => {
    const message = problem(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}
