/** The job of one run: the job file, custom args laid over it, `--input` in place of its source; checked again and frozen. */
import type { Catalog } from '../../component/catalog.ts';
import { coverageOf, type Reader } from '../../component/reader.ts';
import { ConfigError } from '../../errors.ts';
import { checkJob, type CheckedJob } from '../check/check-job.ts';
import { layArgs, layCustomArgs } from './custom-args.ts';
import type { Job } from '../schema/job.ts';
import { deepFreeze, getOwn, isJsonObject, setOwn, type JsonObject } from '../../records/json-object.ts';
import { parseJsonText } from '../json-text.ts';
import { jobInvalid, toCheckOptions } from '../parse-job.ts';
import { isWithin, toPointer } from '../pointer.ts';
import { countProblems, formatProblem, isError, type Finding, type Problem } from '../check/problem.ts';
import { jobDigest } from './task-digest.ts';
import { unwrapConfig } from './unwrap-config.ts';

export interface EffectiveInput {
  /** The text of the job file. */
  readonly config: string;
  /** Its path, for messages and for the id of a pasted config. */
  readonly file?: string;
  /** Values of declared arguments, over those in the file; custom args win over them. */
  readonly args?: JsonObject;
  readonly customArgs?: unknown;
  /** Stands in for the source reader of the first task; put before a chain that has none. */
  readonly input?: { readonly path: string; readonly name: string };
  readonly catalog: Catalog;
  readonly vocabularies?: ReadonlySet<string>;
}

export interface EffectiveJob {
  readonly job: Job;
  /** In the form of a job file, to be kept with the run; deeply frozen; references to secrets, never secrets. */
  readonly config: JsonObject;
  /** See task-digest.ts for what it covers. */
  readonly digest: string;
  /** What the custom args give as `since`, unparsed; undefined where they give none. */
  readonly since: unknown;
  /** What `check` would warn of. */
  readonly warnings: readonly Problem[];
  /** Where values came from, for `run --explain`. */
  readonly touched: Touched;
}

/** The pointers in the config that each of them set, with all that is inside. */
export interface Touched {
  readonly args: ReadonlySet<string>;
  readonly customArgs: ReadonlySet<string>;
  readonly input: ReadonlySet<string>;
}

/** Throws ConfigError: E_JOB_INVALID for the file, E_ARGUMENTS_INVALID or E_CUSTOM_ARGS_INVALID for what was laid over it. */
export function createEffectiveJob(options: EffectiveInput): EffectiveJob {
  const json = parseJsonText(options.config);
  const syntax = json.problems.filter(isError);
  if (!json.readable || syntax.length > 0) throw jobInvalid(syntax, options.file);
  const checkOptions = toCheckOptions(options);
  const base = checkJob(json.value, checkOptions);
  const locate = (found: readonly Finding[]): Problem[] => found.map((finding) => json.locate(finding));
  if (!isJsonObject(base.config)) throw jobInvalid(locate(base.findings), options.file);
  const { config, touched, since } = layOver(base.config, options);
  const effective = checkJob(config, { ...checkOptions, complete: true });
  if (effective.job === undefined) throw notUsable(base, effective, touched, locate, options);
  const frozen = deepFreeze(structuredClone(config));
  return {
    job: deepFreeze(effective.job),
    config: frozen,
    digest: jobDigest(effective.job, options.catalog),
    since,
    warnings: locate(effective.findings),
    touched,
  };
}

/** Args, then custom args, then the input: each wins over what stood before. */
function layOver(
  below: JsonObject,
  { args, customArgs, input, catalog }: EffectiveInput,
): { config: JsonObject; touched: Touched; since: unknown } {
  const withArgs = layArgs(below, args);
  const laid = customArgs === undefined ? undefined : layCustomArgs(withArgs, customArgs);
  const whole =
    laid === undefined ? withArgs : (unwrapConfig(laid.config, undefined, () => undefined).config as JsonObject);
  const replaced = new Set<string>();
  const config = input === undefined ? whole : replaceSource(whole, input.path, catalog, replaced);
  const touched = {
    args: new Set(Object.keys(args ?? {}).map((name) => toPointer(['args', name]))),
    customArgs: laid?.touched ?? new Set<string>(),
    input: replaced,
  };
  return { config, touched, since: laid?.since };
}

/** A config that was frozen with a run. Throws ConfigError where today's components no longer take it. */
export function jobFromConfig(config: unknown, catalog: Catalog): Job {
  const { job, findings } = checkJob(config, { catalog });
  if (job !== undefined) return job;
  throw jobInvalid(findings.map((finding) => ({ ...finding, line: 0, column: 0 })));
}

/** The mistake is the file's where the file alone has it too. */
function notUsable(
  base: CheckedJob,
  effective: CheckedJob,
  touched: Touched,
  locate: (found: readonly Finding[]) => Problem[],
  { file, customArgs, input }: EffectiveInput,
): ConfigError {
  const known = new Set(base.findings.filter(isError).map((finding) => finding.message));
  const fresh = effective.findings.filter((finding) => isError(finding) && !known.has(finding.message));
  if (fresh.length === 0) return jobInvalid(locate(effective.findings), file);
  const problems = fresh.map((finding): Problem => ({ ...finding, line: 0, column: 0 }));
  const lines = problems.map((problem) => `\n  ${formatProblem(problem)}`).join('');
  const byCustomArgs = [...touched.customArgs].some((place) => isWithin(place, '/args') || place === '');
  if (!byCustomArgs && problems.every(({ pointer }) => isWithin(pointer, '/args'))) {
    const message = `The arguments of the run have ${countProblems(problems)}:${lines}`;
    return new ConfigError('E_ARGUMENTS_INVALID', message, { details: { problems } });
  }
  // What custom args take away by null is set by nobody: that they were given is what counts.
  const given = [
    ...(customArgs === undefined ? [] : ['the custom args']),
    ...(input === undefined ? [] : ['the input']),
  ];
  const message = `With ${given.join(' and ') || 'the arguments'} laid over it, the job has ${countProblems(problems)}:${lines}`;
  const code = given.length === 0 ? 'E_ARGUMENTS_INVALID' : 'E_CUSTOM_ARGS_INVALID';
  return new ConfigError(code, message, { details: { problems } });
}

function replaceSource(config: JsonObject, path: string, catalog: Catalog, touched: Set<string>): JsonObject {
  const tasks = getOwn(config, 'tasks');
  if (!isJsonObject(tasks)) return withSource(config, path, '', catalog, touched);
  const [name] = Object.keys(tasks);
  const task = name === undefined ? undefined : getOwn(tasks, name);
  if (name === undefined || !isJsonObject(task)) return config;
  const replaced: Record<string, unknown> = { ...tasks };
  setOwn(replaced, name, withSource(task, path, `/tasks/${name}`, catalog, touched));
  return { ...config, tasks: replaced };
}

function withSource(task: JsonObject, path: string, at: string, catalog: Catalog, touched: Set<string>): JsonObject {
  const readers = getOwn(task, 'readers');
  const list = Array.isArray(readers) ? (readers as unknown[]) : [];
  const type = isJsonObject(list[0]) ? getOwn(list[0], 'type') : undefined;
  const first = typeof type === 'string' ? catalog.readers.get(type) : undefined;
  // A chain without a source, as InvenioRDM ships some, gets one; a source that reads what it fetched reads the file.
  const isReplaced = first === undefined || (first.accepts === 'nothing' && first.emits === 'bytes');
  const rest = isReplaced ? list.slice(1) : list;
  touched.add(`${at}/readers/0`);
  const isPartial = isReplaced && first !== undefined && coversOnlyChanges(first, list[0]);
  return { ...task, readers: [{ type: 'file', args: { path, ...(isPartial ? PARTIAL : {}) } }, ...rest] };
}

/** What stands in for a source that delivers only what changed does not hold everything either. */
const PARTIAL = { coverage: 'incremental' };

function coversOnlyChanges(source: Reader, config: unknown): boolean {
  const args = source.args.safeParse((isJsonObject(config) ? getOwn(config, 'args') : undefined) ?? {});
  return (args.success ? coverageOf(source, args.data) : source.coverage) === 'incremental';
}
