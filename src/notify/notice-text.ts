/** The text of a notice: one line for a chat or a subject, and what to do next. No part of it is read as markup. */
import { clip } from '../clip.ts';
import type { Notice } from '../records/notice.ts';
import type { RunReport } from '../records/run.ts';

const WORDS: Readonly<Record<Notice['event'], string>> = {
  trial: 'a trial notice, nothing happened',
  success: 'success',
  partial: 'partial: some records were rejected',
  failed: 'failed',
  cancelled: 'cancelled',
  unchanged: 'unchanged: nothing new at the source',
  discarded: 'discarded, nothing was published',
  skipped: 'a start was skipped',
  waiting: 'waiting for approval',
  waiting_reminder: 'still waiting for approval',
  rolled_back: 'rolled back',
  schedule_paused: 'its schedule is paused',
};

const LONGEST_REASON = 500;

/** `Load ROR affiliations: failed`. */
export function toSubject({ event, report }: Notice): string {
  const isFound = event === 'partial' && report.mode === 'verify';
  return `${plain(report.title)}: ${isFound ? 'differences were found' : WORDS[event]}`;
}

/** The subject, why, and the command that shows more, each in a line. */
export function toChatText(notice: Notice): string {
  const { report } = notice;
  const why = reasonOf(notice);
  const lines = [
    toSubject(notice),
    ...(why === '' ? [] : [plain(clip(why, LONGEST_REASON))]),
    ...whatNext(notice),
    ...(report.web_ui === null ? [] : [report.web_ui]),
  ];
  return lines.join('\n');
}

/** A trial has no run to look at. */
function whatNext({ event, report }: Notice): string[] {
  if (event === 'trial') return [];
  return [`vocab-sync show ${report.run}${isQuestion(event) ? ', then approve or discard it' : ''}`];
}

function isQuestion(event: Notice['event']): boolean {
  return event === 'waiting' || event === 'waiting_reminder';
}

function reasonOf({ event, report }: Notice): string {
  if (event === 'schedule_paused') return report.schedule_paused ?? '';
  if (event === 'skipped') return skippedBecause(report);
  if (isQuestion(event)) return [...untilWhen(report), ...tripsOf(report), ...countsOf(report)].join('; ');
  if (report.error !== null) return `${report.error.code}: ${report.error.message}`;
  const undone = event === 'rolled_back' && report.rolls_back !== undefined ? [`undid run ${report.rolls_back}`] : [];
  return [...undone, ...driftOf(report), ...countsOf(report)].join('; ');
}

function skippedBecause({ held_by: holder, skipped_because: because }: RunReport): string {
  if (holder === undefined) return because ?? '';
  return holder.phase === 'waiting'
    ? `run ${holder.run} holds the job: it waits for approval`
    : `run ${holder.run} holds the job (${holder.phase})`;
}

function untilWhen({ waiting_until: until }: RunReport): string[] {
  return until === null || until === undefined
    ? []
    : [`discarded at ${until.slice(0, 16).replace('T', ' ')} UTC unless it is approved`];
}

function tripsOf({ tasks }: RunReport): string[] {
  return tasks.flatMap(({ trips }) => trips.map(({ guard, message }) => `${guard}: ${message}`));
}

/** `postgres:affiliations: 104 inserted, 2 updated, 32,556 withdrawn`; what did not happen is left out. */
function countsOf({ tasks }: RunReport): string[] {
  return tasks.flatMap(({ targets }) =>
    targets.map(({ name, inserted, updated, restored, withdrawn, rejected }) => {
      const counts = Object.entries({ inserted, updated, restored, withdrawn, rejected });
      const changes = counts.filter(([, count]) => count > 0).map(([kind, count]) => `${grouped(count)} ${kind}`);
      return `${name}: ${changes.length === 0 ? 'no changes' : changes.join(', ')}`;
    }),
  );
}

/** `opensearch:index/affiliations: 2 missing, 1 changed, 0 foreign`, for a verification. */
function driftOf({ mode, tasks }: RunReport): string[] {
  if (mode !== 'verify') return [];
  return tasks.flatMap(({ drift = [] }) =>
    drift.map(
      ({ target, missing, changed, foreign }) =>
        `${target}: ${grouped(missing)} missing, ${grouped(changed)} changed, ${foreign === null ? 'foreign ones unknown' : `${grouped(foreign)} foreign`}`,
    ),
  );
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** Titles and errors quote sources: `<!channel>`, `@all` and links in brackets must not call people or pose as ours. */
function plain(text: string): string {
  return text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .replaceAll('<', '‹')
    .replaceAll('>', '›')
    .replaceAll('@', '＠');
}
