/** `job versions JOB`: who, when, and what differs. */
import { ConfigError } from '../../../errors.ts';
import { listVersions, type JobVersion } from '../../../postgres/ledger/job-versions.ts';
import { compareFields } from '../../../records/field-changes.ts';
import { writeJson, type CommandContext, type JsonOption } from '../../command-context.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { countOf, formatTime } from '../../render/format-number.ts';
import { withLedger } from '../../servers/open-ledger.ts';
import { printable } from '../../render/printable.ts';
import { fitText, type Page } from '../../render/page.ts';
import { paintChange, renderChanges } from '../../render/render-applied.ts';
import { storedJobNotFound } from './require-stored-job.ts';

export interface VersionsOptions extends JsonOption {
  readonly diff?: boolean;
  readonly from?: number;
  readonly to?: number;
}

export async function showVersions(context: CommandContext, name: string, options: VersionsOptions): Promise<ExitCode> {
  const versions = await withLedger(context, async ({ pool }) => {
    const found = await listVersions(pool, name);
    if (found.length === 0) throw await storedJobNotFound(pool, name);
    return found;
  });
  if (options.from !== undefined || options.to !== undefined) return between(context, name, versions, options);
  const listed = versions.map((version, index) => ({
    version: version.version,
    by: version.created_by,
    at: version.created_at.toISOString(),
    digest: version.digest,
    changes: changesOf(versions[index + 1], version),
  }));
  if (options.json === true) await writeJson(context, { job: name, versions: listed });
  else {
    const text = listed.map(({ version, by, at, changes }) => {
      const what = version === 1 ? 'first version' : countOf(changes.length, 'change');
      const head = `${String(version)}  ${formatTime(at)}  ${printable(by ?? 'unknown')}  ${what}\n`;
      return head + (options.diff === true ? indented(renderChanges(changes), context.terminal.page) : '');
    });
    await context.terminal.write(text.join(''));
  }
  return EXIT.success;
}

async function between(
  context: CommandContext,
  job: string,
  versions: readonly JobVersion[],
  { from = 1, to, json }: VersionsOptions,
): Promise<ExitCode> {
  const before = requireVersion(job, versions, from);
  const after = requireVersion(job, versions, to ?? versions[0]?.version ?? 1);
  const changes = changesOf(before, after);
  if (json === true) await writeJson(context, { job, from: before.version, to: after.version, changes });
  else {
    const head = `${job}: version ${String(before.version)} → ${String(after.version)}, ${countOf(changes.length, 'change')}\n`;
    await context.terminal.write(head + indented(renderChanges(changes), context.terminal.page));
  }
  return EXIT.success;
}

/** Throws ConfigError E_JOB_NOT_FOUND naming the versions that are there. */
export function requireVersion(job: string, versions: readonly JobVersion[], wanted: number): JobVersion {
  const found = versions.find(({ version }) => version === wanted);
  if (found !== undefined) return found;
  const newest = String(versions[0]?.version ?? 0);
  throw new ConfigError(
    'E_JOB_NOT_FOUND',
    `Expected a version of job ${job} from 1 to ${newest}, found ${String(wanted)}.`,
  );
}

function changesOf(before: JobVersion | undefined, after: JobVersion) {
  return before === undefined ? [] : compareFields(JSON.parse(before.config), JSON.parse(after.config));
}

function indented(lines: readonly string[], page: Page): string {
  return fitText(lines.map((line) => `    ${paintChange(page, line)}\n`).join(''), page);
}
