/**
 * The number of records in a repository that refer to records that a run withdraws, renames or finds no longer in use.
 * All values are JSON.
 */
import { clip } from '../clip.ts';
import { describeNotes, type Notes } from './notes.ts';
import type { RunFailure } from './run.ts';

/** What happens to a published record. `ended`: its source says that it is no longer in use. */
export type AffectedKind = 'withdrawn' | 'ended' | 'renamed';

export interface AffectedRecord {
  readonly id: string;
  readonly kind: AffectedKind;
  /** As it was published before. */
  readonly name: string | null;
  /** Only of a record that is renamed. */
  readonly new_name?: string;
  readonly notes?: Notes;
}

/** A record of the repository. */
export interface CitingRecord {
  /** For people. */
  readonly title: string;
  /** Where people can see it. */
  readonly url?: string;
}

export interface CitedRecord extends AffectedRecord {
  /** The records that refer to it. */
  readonly records: number;
  /** The first few of them, the newest first. */
  readonly first: readonly CitingRecord[];
}

export interface Impact {
  readonly target: string;
  /** Records that the run withdraws, renames or finds no longer in use. */
  readonly affected: number;
  /** The number of these that were looked up in the target. */
  readonly asked: number;
  /** The records that refer to any of these. */
  readonly records: number;
  /** False: a record that refers to several of them may be counted more than once. */
  readonly is_exact: boolean;
  /** The records that are referred to, the most referred to first. */
  readonly cited: readonly CitedRecord[];
  readonly measured_at: string;
  /** Why it could not be measured. The numbers then have no meaning. */
  readonly failure?: RunFailure;
}

/** For the details of the run in the Web UI. */
export interface ImpactSummary {
  readonly target: string;
  /** One sentence. */
  readonly text: string;
  /** The records that are referred to most. */
  readonly lines: readonly string[];
}

/** `300 records refer to 5 of the 18 records that are withdrawn, no longer in use or renamed.` */
export function describeImpact({ affected, asked, records, is_exact: isExact, cited, failure }: Impact): string {
  if (failure !== undefined) return `Not measured: ${failure.code} ${failure.message}`;
  if (affected === 0) return 'Nothing is withdrawn, no longer in use or renamed.';
  const what = `${counted(asked, 'record')} that ${asked === 1 ? 'is' : 'are'} withdrawn, no longer in use or renamed`;
  const left = affected - asked;
  const more = left === 0 ? '' : ` ${counted(left, 'more record')} ${left === 1 ? 'was' : 'were'} not looked up.`;
  if (records === 0) return `No record refers to the ${what}.${more}`;
  const most = isExact ? '' : 'at most ';
  return `${most}${counted(records, 'record')} ${records === 1 ? 'refers' : 'refer'} to ${grouped(cited.length)} of the ${what}.${more}`;
}

/** `ID Pharma Co., Ltd. (Japan) (00e348047): 60 records; withdrawn, continued by ID Pharma (Japan) (05yk8hs36)` */
function describeCited(cited: CitedRecord): string {
  const { id, name, records } = cited;
  return `${name === null ? id : `${name} (${id})`}: ${counted(records, 'record')}; ${describeAffected(cited)}`;
}

export function describeAffected({ kind, notes, new_name: name }: AffectedRecord): string {
  if (kind === 'renamed') return `renamed to ${name ?? 'nothing'}`;
  if (kind === 'withdrawn') return notes === undefined ? 'withdrawn' : `withdrawn; ${describeNotes(notes)}`;
  return notes === undefined ? 'no longer in use' : describeNotes(notes);
}

const LINES = 6;
const LONGEST_LINE = 300;

export function summariseImpact(impact: Impact): ImpactSummary {
  const more = impact.cited.length - LINES;
  return {
    target: impact.target,
    text: clip(describeImpact(impact), LONGEST_LINE),
    lines: [
      ...impact.cited.slice(0, LINES).map((one) => clip(describeCited(one), LONGEST_LINE)),
      ...(more > 0 ? [`and ${grouped(more)} more`] : []),
    ],
  };
}

function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
