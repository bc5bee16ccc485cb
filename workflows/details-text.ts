/**
 * The details of a run in the Web UI: Markdown from the state of the run, nothing else. The UI renders raw HTML and puts
 * the text into a URL, so everything that came from outside is escaped and the whole stays below 4 kB when encoded.
 */
import { clip, escapeInvisible } from '../src/clip.ts';
import type { StageCounts, TargetCounts } from '../src/records/counts.ts';
import { bytesOf, grouped, shortDigest, timeOf } from './plain-numbers.ts';
import type { RunProgress, TaskProgress } from './run-state.ts';

export interface RunPlace {
  readonly namespace: string;
  readonly workflowId: string;
  readonly runId: string;
}

/** Proxies in front of the Web UI commonly refuse URLs above 8 kB; half of that leaves room for the rest. */
const ENCODED_LIMIT = 4000;
/** The frame that shows the text is one line short: the last line would be hidden. */
export const LAST_LINE = '\n\n&#160;\n';
const LONGEST_TEXT = 200;
const MOST_TRIPS = 5;
const MOST_REJECTIONS = 4;

export function renderDetails(state: RunProgress, place: RunPlace): string {
  // The most important first: what does not fit is left out from the end.
  const sections = [
    headline(state),
    ...decisionLines(state),
    ...state.tasks.flatMap((task) => taskSections(task, state)),
    links(state, place),
  ].filter((section) => section !== '');
  let text = '';
  for (const section of sections) {
    const longer = text === '' ? section : `${text}\n\n${section}`;
    if (encodeURIComponent(longer + LAST_LINE).length > ENCODED_LIMIT) continue;
    text = longer;
  }
  return text + LAST_LINE;
}

/** One line for the memo: outcome, what changed, what was rejected. Plain text. */
export function summaryLine(state: RunProgress): string {
  if (state.heldBy !== null) return `skipped: run ${state.heldBy.run} holds the job (${state.heldBy.phase})`;
  const outcome = state.outcome ?? state.phase;
  if (state.error !== null) return clipped(`${outcome}: ${state.error.code} ${state.error.message}`, LONGEST_TEXT);
  const tasks = state.tasks.map((task) => {
    const name = state.tasks.length > 1 ? `${task.name} ` : '';
    const version = task.source === null ? '' : `${task.source.version} `;
    return `${name}${version}${resultOf(task)}`.trim();
  });
  return clipped([outcome, ...tasks].join(' · '), LONGEST_TEXT);
}

function resultOf(task: TaskProgress): string {
  if (task.unchanged !== null) return 'nothing new';
  const targets = Object.entries(task.targets).map(([name, counts]) => `${name} ${changesOf(counts)}`);
  const changes = task.published ? targets.join(', ') : 'nothing published';
  return task.counts.rejected === 0 ? changes : `${changes}, ${grouped(task.counts.rejected)} rejected`;
}

export function changesOf(counts: TargetCounts): string {
  return `+${grouped(counts.inserted + counts.restored)} ~${grouped(counts.updated)} −${grouped(counts.withdrawn)}`;
}

/** Text from outside, on one line, without meaning in HTML or Markdown. The renderer knows numeric entities only. */
export function escaped(text: string): string {
  return clipped(escapeInvisible(clip(text, 4 * LONGEST_TEXT).replace(/\s+/g, ' ')).trim(), LONGEST_TEXT)
    .replace(/[&<>{}]/g, (character) => `&#${String(character.charCodeAt(0))};`)
    .replace(/[\\`*_[\]()|~]/g, '\\$&');
}

function headline(state: RunProgress): string {
  const lines = [
    `**${escaped(state.title)}** — ${standing(state)}${MODES[state.mode]}`,
    ...(state.outcome === null ? ['', phaseLine(state)] : []),
    '',
    `- since: ${state.since === null ? 'the beginning' : timeOf(escaped(state.since))}${state.sinceReason === null ? '' : ` (${escaped(state.sinceReason)})`}`,
  ];
  if (state.configDigest !== null) lines.push(`- config: ${escaped(shortDigest(state.configDigest))}`);
  if (state.heldBy !== null) {
    lines.push(
      `- skipped: run ${escaped(state.heldBy.run)} holds the job (${state.heldBy.phase}), workflow ${escaped(state.heldBy.workflowId)}`,
    );
  }
  if (state.error !== null) lines.push(`- error: **${escaped(state.error.code)}** ${escaped(state.error.message)}`);
  if (state.schedulePaused !== null) lines.push(`- **schedule** ${escaped(state.schedulePaused)}`);
  return lines.join('\n');
}

const MODES: Readonly<Record<RunProgress['mode'], string>> = {
  run: '',
  plan: ' (plan)',
  retry: ' (retry of rejections)',
  rollback: ' (rollback)',
};

function standing({ outcome, phase }: RunProgress): string {
  return outcome ?? (phase === 'waiting' ? 'waiting for approval' : 'under way');
}

const PHASES = ['resolve', 'fetch', 'stage', 'compare', 'waiting', 'apply', 'finish'] as const;

/** Only a run that is asked about, or will be, has the phase `waiting`. */
function phaseLine({ phase, mode, decision }: RunProgress): string {
  const isAsked = mode === 'plan' || phase === 'waiting' || decision !== null;
  const phases = PHASES.filter((name) => name !== 'waiting' || isAsked);
  const now = phases.findIndex((name) => name === phase);
  return phases.map((name, index) => (index < now ? `${name} ✓` : index === now ? `**${name}**` : name)).join(' → ');
}

function decisionLines({ waiting, decision, run, tasks, outcome, phase }: RunProgress): string[] {
  const lines: string[] = [];
  if (waiting !== null && outcome === null && phase === 'waiting') {
    const plan = tasks.length > 1 ? `The plan of ${escaped(waiting.task)}` : 'The plan';
    lines.push(
      [
        `**Nothing is published yet.** ${plan} waits until ${timeOf(waiting.deadline)}, then it is discarded.`,
        '',
        '- in this Web UI: More Actions, Send an Update, `approve` or `discard`; its data may be `{"by": "your name"}`',
        `- in a terminal: \`vocab-sync approve ${escaped(run)}\` or \`discard\`; every change, field by field: \`vocab-sync changes ${escaped(run)}\``,
        `- digest of the plan: ${escaped(waiting.planDigest)}`,
      ].join('\n'),
    );
  }
  if (decision !== null) {
    const reason = decision.reason === undefined ? '' : `: ${escaped(decision.reason)}`;
    lines.push(`**${decision.kind}** by ${escaped(decision.by)}${reason}`);
  }
  return lines;
}

function taskSections(task: TaskProgress, state: RunProgress): string[] {
  const several = state.tasks.length > 1;
  if (task.phase === null) return several ? [`Task **${escaped(task.name)}**: not yet`] : [];
  return [
    taskLines(task, several),
    ...(task.trips.length === 0 ? [] : [tripLines(task)]),
    ...(task.counts.read === 0 ? [] : [countsTable(task.counts)]),
    ...(task.counts.rejected === 0 ? [] : [rejectionLines(task, state)]),
    ...(Object.keys(task.targets).length === 0 ? [] : [targetsTable(task, state)]),
  ];
}

function taskLines(task: TaskProgress, several: boolean): string {
  const lines = [
    `${several ? `Task **${escaped(task.name)}** (${task.phase ?? 'not yet'}): ` : ''}${escaped(task.chain)}`,
    '',
  ];
  if (task.source !== null) {
    const { name, version, digest, bytes } = task.source;
    const file = name === version ? '' : `${escaped(name)}, `;
    lines.push(`- source: **${escaped(version)}**, ${file}${bytesOf(bytes)}, ${escaped(shortDigest(digest))}`);
  }
  if (task.unchanged !== null) lines.push(`- nothing new: ${escaped(task.unchanged)}`);
  if (task.partitions.total > 1)
    lines.push(`- partitions staged: ${String(task.partitions.staged)} of ${String(task.partitions.total)}`);
  if (task.round > 1)
    lines.push(`- the database lost the stage in a crash; round ${String(task.round)} fills it again`);
  return lines.join('\n');
}

function tripLines(task: TaskProgress): string {
  const trips = task.trips
    .slice(0, MOST_TRIPS)
    .map((trip) => `- guard **${escaped(trip.guard)}**: ${escaped(trip.message)}`);
  const more = task.trips.length - MOST_TRIPS;
  return ['Guards that tripped:', '', ...trips, ...(more > 0 ? [`- and ${String(more)} more`] : [])].join('\n');
}

function rejectionLines(task: TaskProgress, { run }: RunProgress): string {
  const kinds = task.rejections
    .slice(0, MOST_REJECTIONS)
    .map(({ code, count, sample }) => `- ${grouped(count)} × **${escaped(code)}**, such as: ${escaped(sample)}`);
  return [...kinds, `- each of them, with its raw value: \`vocab-sync rejections ${escaped(run)}\``].join('\n');
}

function countsTable(counts: StageCounts): string {
  return [
    '| read | filtered | duplicates | rejected | staged |',
    '|--:|--:|--:|--:|--:|',
    `| ${[counts.read, counts.filtered, counts.duplicates, counts.rejected, counts.staged].map(grouped).join(' | ')} |`,
  ].join('\n');
}

/** What was not published, or is not yet, must not read as if it were. */
function targetsTable({ targets, published }: TaskProgress, { outcome }: RunProgress): string {
  const title = published ? 'published' : outcome === null ? 'would be' : 'not published';
  const rows = Object.entries(targets).map(
    ([name, t]) =>
      `| ${[escaped(name), ...[t.inserted, t.updated, t.withdrawn, t.restored, t.unchanged, t.rejected].map(grouped)].join(' | ')} |`,
  );
  return [
    `| ${title} | inserted | updated | withdrawn | restored | unchanged | rejected |`,
    '|---|--:|--:|--:|--:|--:|--:|',
    ...rows,
  ].join('\n');
}

/** Heartbeats carry position and rate, and the page of the pending activities is where the UI shows them. */
function links({ run: id, outcome, waiting, heldBy }: RunProgress, { namespace, workflowId, runId }: RunPlace): string {
  const run = `/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}/${runId}`;
  // A run that was skipped is in no ledger: the one that holds the job is.
  const shown = `\`vocab-sync show ${escaped(heldBy?.run ?? id)}\``;
  if (outcome === 'skipped') return `[timeline and result](${run}/history)${heldBy === null ? '' : ` · ${shown}`}`;
  if (outcome !== null)
    return `[timeline and result](${run}/history) · in a terminal: ${shown}, or \`logs\`, \`changes\``;
  if (waiting !== null) return `[timeline](${run}/history)`;
  return `[how far: position and rate](${run}/pending-activities) · [timeline](${run}/history)`;
}

function clipped(text: string, length: number): string {
  // Half a character from outside cannot be put into a URL.
  return clip(text, length).replace(/\p{Surrogate}/gu, '\uFFFD');
}
