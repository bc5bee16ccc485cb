/** A notice in words: one line for a chat or a subject, and what to do next. Nothing of it is taken for markup. */
import { clip } from '../clip.ts';
import type { Notice } from '../records/notice.ts';
import type { NoticeEvent } from '../records/outcome.ts';
import type { RunReport } from '../records/run.ts';

const WORDS: Readonly<Record<NoticeEvent, string>> = {
  success: 'success',
  partial: 'partial: some records were rejected',
  failed: 'failed',
  cancelled: 'cancelled',
  unchanged: 'unchanged: nothing new at the source',
  discarded: 'discarded, nothing was published',
  waiting: 'waiting for approval',
  schedule_paused: 'its schedule is paused',
};

const LONGEST_REASON = 500;

/** `Load ROR affiliations: failed`. */
export function toSubject({ event, report }: Notice): string {
  return `${plain(report.title)}: ${WORDS[event]}`;
}

/** The subject, why, and the command that shows more, each in a line. */
export function toChatText(notice: Notice): string {
  const { event, report } = notice;
  const why = reasonOf(notice);
  const lines = [
    toSubject(notice),
    ...(why === '' ? [] : [plain(clip(why, LONGEST_REASON))]),
    ...(event === 'waiting'
      ? [`vocab-sync show ${report.run}, then approve or discard it`]
      : [`vocab-sync show ${report.run}`]),
    ...(report.web_ui === null ? [] : [report.web_ui]),
  ];
  return lines.join('\n');
}

function reasonOf({ event, report }: Notice): string {
  if (event === 'schedule_paused') return report.schedule_paused ?? '';
  if (event === 'waiting') return [...tripsOf(report), ...countsOf(report)].join('; ');
  if (report.error !== null) return `${report.error.code}: ${report.error.message}`;
  return countsOf(report).join('; ');
}

function tripsOf({ tasks }: RunReport): string[] {
  return tasks.flatMap(({ trips }) => trips.map(({ guard, message }) => `${guard}: ${message}`));
}

function countsOf({ tasks }: RunReport): string[] {
  return tasks.flatMap(({ targets }) =>
    targets.map(
      ({ name, inserted, updated, restored, withdrawn, rejected }) =>
        `${name} +${String(inserted)} ~${String(updated)} ↺${String(restored)} −${String(withdrawn)} ✗${String(rejected)}`,
    ),
  );
}

/** Titles and errors quote sources: `<!channel>`, `@all` and links in brackets must not call people or pose as ours. */
function plain(text: string): string {
  return text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .replaceAll('<', '‹')
    .replaceAll('>', '›')
    .replaceAll('@', '＠');
}
