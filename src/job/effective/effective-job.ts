/** Creates the job of one run from the job file, custom args and `--input`. The result is checked again and frozen. */
import type { Catalog } from '../../component/catalog.ts';
import { coverageOf, type Reader } from '../../component/reader.ts';
import { ConfigError } from '../../errors.ts';
import { checkJob, type BoundWriter, type CheckedJob } from '../check/check-job.ts';
import { layArgs, layCustomArgs } from './custom-args.ts';
import type { Job } from '../schema/job.ts';
import { deepFreeze, getOwn, isJsonObject, setOwn, type JsonObject } from '../../records/json-object.ts';
import { parseJsonText } from '../json-text.ts';
import { jobInvalid, toCheckOptions } from '../parse-job.ts';
import { isWithin, toPointer } from '../pointer.ts';
import { countProblems, formatProblem, isError, type Finding, type Problem } from '../check/problem.ts';
import { bindTargets } from './bind-targets.ts';
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
  /** Replaces the source reader of the first task, or is put before a chain that has none. */
  readonly input?: { readonly path: string; readonly name: string };
  readonly catalog: Catalog;
  readonly vocabularies?: ReadonlySet<string>;
}

export interface EffectiveJob {
  readonly job: Job;
  /**
   * In the form of a job file, to be kept with the run; deeply frozen; references to secrets, never secrets. Logical names
   * are replaced by the targets that are bound to them here and now.
   */
  readonly config: JsonObject;
  /** See CheckedJob. */
  readonly bound: readonly BoundWriter[];
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
interface Touched {
  readonly args: ReadonlySet<string>;
  readonly customArgs: ReadonlySet<string>;
  readonly input: ReadonlySet<string>;
  /** The bindings in VOCAB_SYNC_TARGETS. */
  readonly bound: ReadonlySet<string>;
}

/** Throws ConfigError: E_JOB_INVALID for the file, E_ARGUMENTS_INVALID or E_CUSTOM_ARGS_INVALID for the overrides. */
export async function createEffectiveJob(options: EffectiveInput): Promise<EffectiveJob> {
  const json = parseJsonText(options.config);
  const syntax = json.problems.filter(isError);
  if (!json.readable || syntax.length > 0) throw jobInvalid(syntax, options.file);
  const checkOptions = toCheckOptions(options);
  const base = await checkJob(json.value, checkOptions);
  const locate = (found: readonly Finding[]): Problem[] => found.map((finding) => json.locate(finding));
  if (!isJsonObject(base.config)) throw jobInvalid(locate(base.findings), options.file);
  const { config, touched, since } = await layOver(base.config, options);
  const effective = await checkJob(config, { ...checkOptions, complete: true });
  if (effective.job === undefined) throw notUsable(base, effective, touched, locate, options);
  const { config: whole, places } = bindTargets(config, options.catalog, () => undefined);
  const frozen = deepFreeze(structuredClone(whole));
  return {
    job: deepFreeze(effective.job),
    config: frozen,
    bound: effective.bound,
    digest: jobDigest(effective.job, options.catalog),
    since,
    warnings: locate(effective.findings),
    touched: { ...touched, bound: places },
  };
}

/** Args, then custom args, then the input: each wins over what stood before. */
async function layOver(
  below: JsonObject,
  { args, customArgs, input, catalog }: EffectiveInput,
): Promise<{ config: JsonObject; touched: Omit<Touched, 'bound'>; since: unknown }> {
  const withArgs = layArgs(below, args);
  const laid = customArgs === undefined ? undefined : layCustomArgs(withArgs, customArgs);
  const whole =
    laid === undefined ? withArgs : (unwrapConfig(laid.config, undefined, () => undefined).config as JsonObject);
  const replaced = new Set<string>();
  const config = input === undefined ? whole : await replaceSource(whole, input.path, catalog, replaced);
  const touched = {
    args: new Set(Object.keys(args ?? {}).map((name) => toPointer(['args', name]))),
    customArgs: laid?.touched ?? new Set<string>(),
    input: replaced,
  };
  return { config, touched, since: laid?.since };
}

/** The mistake is the file's where the file alone has it too. */
function notUsable(
  base: CheckedJob,
  effective: CheckedJob,
  touched: Omit<Touched, 'bound'>,
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

async function replaceSource(
  config: JsonObject,
  path: string,
  catalog: Catalog,
  touched: Set<string>,
): Promise<JsonObject> {
  const tasks = getOwn(config, 'tasks');
  if (!isJsonObject(tasks)) return withSource(config, path, '', catalog, touched);
  const [name] = Object.keys(tasks);
  const task = name === undefined ? undefined : getOwn(tasks, name);
  if (name === undefined || !isJsonObject(task)) return config;
  const replaced: Record<string, unknown> = { ...tasks };
  setOwn(replaced, name, await withSource(task, path, `/tasks/${name}`, catalog, touched));
  return { ...config, tasks: replaced };
}

async function withSource(
  task: JsonObject,
  path: string,
  at: string,
  catalog: Catalog,
  touched: Set<string>,
): Promise<JsonObject> {
  const readers = getOwn(task, 'readers');
  const list = Array.isArray(readers) ? (readers as unknown[]) : [];
  const type = isJsonObject(list[0]) ? getOwn(list[0], 'type') : undefined;
  const first = typeof type === 'string' ? await catalog.readers.load(type) : undefined;
  // A chain without a source, as InvenioRDM ships some, gets one; a source that reads what it fetched reads the file.
  const isReplaced = first === undefined || (first.accepts === 'nothing' && first.emits === 'bytes');
  const rest = isReplaced ? list.slice(1) : list;
  touched.add(`${at}/readers/0`);
  const isPartial = isReplaced && first !== undefined && coversOnlyChanges(first, list[0]);
  return { ...task, readers: [{ type: 'file', args: { path, ...(isPartial ? PARTIAL : {}) } }, ...rest] };
}

/** A file that replaces an incremental source does not contain all records either. */
const PARTIAL = { coverage: 'incremental' };

function coversOnlyChanges(source: Reader, config: unknown): boolean {
  const args = source.args.safeParse((isJsonObject(config) ? getOwn(config, 'args') : undefined) ?? {});
  return (args.success ? coverageOf(source, args.data) : source.coverage) === 'incremental';
}
