/**
 * The details of a run in the Web UI: Markdown from the state of the run, nothing else. The UI renders raw HTML and puts
 * the text into a URL, so everything that came from outside is escaped and the whole stays below 4 kB when encoded.
 */
import { clip, escapeInvisible } from '../src/clip.ts';
import type { StageCounts, TargetCounts } from '../src/records/counts.ts';
import type { DriftCounts } from '../src/records/drift.ts';
import type { ChangeSamples } from '../src/records/run.ts';
import { impactSections } from './impact-details.ts';
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
/** An error says what was expected, what was found and what to do, which takes more. */
const LONGEST_ERROR = 600;
const [MOST_TRIPS, MOST_REJECTIONS] = [5, 4] as const;

export function renderDetails(state: RunProgress, place: RunPlace): string {
  // The most important first: what does not fit is left out from the end.
  const sections = [
    headline(state, place),
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
    const source = task.source === null ? '' : `${task.source.name} `;
    return `${name}${source}${resultOf(task)}`.trim();
  });
  return clipped([outcome, ...tasks].join(' · '), LONGEST_TEXT);
}

function resultOf(task: TaskProgress): string {
  const found = Object.entries(task.drift ?? {}).map(([name, counts]) => `${name} ${foundIn(counts)}`);
  if (found.length > 0 && !task.published) return found.join(', ');
  if (task.unchanged !== null) return 'nothing new';
  const targets = Object.entries(task.targets).map(([name, counts]) => `${name} ${changesOf(counts)}`);
  const changes = task.published ? targets.join(', ') : 'nothing published';
  return task.counts.rejected === 0 ? changes : `${changes}, ${grouped(task.counts.rejected)} rejected`;
}

function foundIn({ missing, changed, foreign }: DriftCounts): string {
  return `${grouped(missing)} missing, ${grouped(changed)} changed, ${grouped(foreign ?? 0)} foreign`;
}

export function changesOf(counts: TargetCounts): string {
  return `+${grouped(counts.inserted + counts.restored)} ~${grouped(counts.updated)} −${grouped(counts.withdrawn)}`;
}

/** Text from outside, on one line, without meaning in HTML or Markdown. The renderer knows numeric entities only. */
export function escaped(text: string, longest = LONGEST_TEXT): string {
  return clipped(escapeInvisible(clip(text, 4 * longest).replace(/\s+/g, ' ')).trim(), longest)
    .replace(/[&<>{}]/g, (character) => `&#${String(character.charCodeAt(0))};`)
    .replace(/[\\`*_[\]()|~]/g, '\\$&');
}

function headline(state: RunProgress, place: RunPlace): string {
  const lines = [
    `**${escaped(state.title)}** — ${standing(state)}${MODES[state.mode]}`,
    ...(state.outcome === null ? ['', phaseLine(state)] : []),
    '',
    // A start that was skipped read nothing, since no time.
    ...(state.outcome === 'skipped' ? [] : [sinceLine(state)]),
  ];
  if (state.configDigest !== null) lines.push(`- config: ${escaped(shortDigest(state.configDigest))}`);
  if (state.heldBy !== null) {
    lines.push(
      `- skipped: [run ${escaped(state.heldBy.run)}](${historyOf({ ...place, workflowId: state.heldBy.workflowId, runId: state.heldBy.run })}) holds the job (${state.heldBy.phase === 'waiting' ? 'it waits for approval' : state.heldBy.phase})`,
    );
  }
  if (state.outcome === 'cancelled') lines.push(`- cancelled ${whoCancelled(state)}`);
  if (state.error !== null) {
    lines.push(`- error: **${escaped(state.error.code)}** ${escaped(state.error.message, LONGEST_ERROR)}`);
    const remedy = state.error.details?.['remedy'];
    if (typeof remedy === 'string') lines.push(`- what to do: ${escaped(remedy, LONGEST_ERROR)}`);
  }
  if (state.schedulePaused !== null) lines.push(`- **schedule** ${escaped(state.schedulePaused)}`);
  return lines.join('\n');
}

function sinceLine(state: RunProgress): string {
  return `- since: ${state.since === null ? 'the beginning' : timeOf(escaped(state.since))}${state.sinceReason === null ? '' : ` (${escaped(state.sinceReason)})`}`;
}

function whoCancelled({ cancelledBy }: RunProgress): string {
  return cancelledBy === null ? 'in Temporal' : `by ${escaped(cancelledBy)}`;
}

const MODES: Readonly<Record<RunProgress['mode'], string>> = {
  run: '',
  plan: ' (plan)',
  retry: ' (retry of rejections)',
  rollback: ' (rollback)',
  verify: ' (verify)',
  resync: ' (resync)',
  adopt: ' (adopt)',
};

function standing({ outcome, phase }: RunProgress): string {
  return outcome ?? (phase === 'waiting' ? 'waiting for approval' : 'under way');
}

const PHASES = ['resolve', 'fetch', 'stage', 'compare', 'waiting', 'apply', 'finish'] as const;

/** Only a run that is asked about, or will be, has the phase `waiting`. */
function phaseLine({ phase, mode, decision }: RunProgress): string {
  const isAsked = mode === 'plan' || phase === 'waiting' || decision !== null;
  const reads = mode !== 'verify' && mode !== 'resync';
  const phases = PHASES.filter(
    (name) =>
      (name !== 'waiting' || isAsked) &&
      (reads || (name !== 'fetch' && name !== 'stage')) &&
      (mode !== 'verify' || name !== 'apply'),
  );
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
    ...impactSections(task, escaped),
    ...(task.counts.read === 0 ? [] : [countsLine(task.counts)]),
    ...(task.counts.rejected === 0 ? [] : [rejectionLines(task, state)]),
    ...driftSections(task),
    ...targetSections(task, state),
  ];
}

function taskLines(task: TaskProgress, several: boolean): string {
  const lines = [
    `${several ? `Task **${escaped(task.name)}** (${task.phase ?? 'not yet'}): ` : ''}${escaped(task.chain)}`,
    '',
  ];
  if (task.source !== null) {
    const { name, version, digest, bytes } = task.source;
    const label = name === version ? '' : `${escaped(version)}, `;
    lines.push(`- source: **${escaped(name)}**, ${label}${bytesOf(bytes)}, ${escaped(shortDigest(digest))}`);
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

/** In the order of the command line; what is zero is left out, so that a line fits a narrow window. */
function countsLine(counts: StageCounts): string {
  const { read, filtered, duplicates, rejected, staged } = counts;
  const others = Object.entries({ filtered, duplicates, rejected, staged }).filter(([, count]) => count > 0);
  return [`read ${grouped(read)}`, ...others.map(([name, count]) => `${name} ${grouped(count)}`)].join(' · ');
}

/** One line for each count: a table is cut off in a window of 1400 pixels. */
function targetSections({ targets, published, changes = [], phase }: TaskProgress, state: RunProgress): string[] {
  const { outcome, run } = state;
  return Object.entries(targets).flatMap(([name, counts]) => {
    const { inserted, updated, restored, withdrawn, unchanged, rejected } = counts;
    const { adopted = 0, overwritten = 0, kept = 0 } = counts;
    const pending = phase === 'apply' ? 'is being published. The plan:' : 'would be';
    const title = published ? 'published' : outcome === null ? pending : 'was not published';
    const lines = Object.entries({
      ...{
        inserted,
        updated,
        'of these overwritten': overwritten,
        restored,
        withdrawn,
        adopted,
        kept,
        unchanged,
        rejected,
      },
    })
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => `- ${kind}: **${grouped(count)}**`);
    if (published && kept + rejected > 0) {
      lines.push(`- kept and rejected records, with the reason: \`vocab-sync rejections ${escaped(run)}\``);
    }
    const first = changes.filter((change) => change.target === name).map(firstChanges);
    return [
      [`**${escaped(name)}**, ${title}`, '', ...(lines.length === 0 ? ['- no records'] : lines)].join('\n'),
      ...(first.length === 0 ? [] : [['The first of each kind:', '', ...first].join('\n')]),
    ];
  });
}

/** What was found in targets that were compared with what was published there. */
function driftSections({ drift = {} }: TaskProgress): string[] {
  return Object.entries(drift).map(([name, { compared, missing, changed, foreign }]) =>
    [
      `**${escaped(name)}**, ${grouped(compared)} records compared`,
      '',
      `- missing: **${grouped(missing)}**`,
      `- changed: **${grouped(changed)}**`,
      `- foreign: ${foreign === null ? 'not listed by this target' : `**${grouped(foreign)}**`}`,
    ].join('\n'),
  );
}

const LONGEST_CHANGE = 90;

function firstChanges({ op, records }: ChangeSamples): string {
  return [`- ${op}`, ...records.map((record) => `  - ${escaped(record, LONGEST_CHANGE)}`)].join('\n');
}

/** Heartbeats carry position and rate, and the page of the pending activities is where the UI shows them. */
function links({ run: id, outcome, waiting, heldBy }: RunProgress, place: RunPlace): string {
  const run = pageOf(place);
  // A run that was skipped is in no ledger: the one that holds the job is.
  const shown = `\`vocab-sync show ${escaped(heldBy?.run ?? id)}\``;
  if (outcome === 'skipped') return `[timeline and result](${run}/history)${heldBy === null ? '' : ` · ${shown}`}`;
  if (outcome !== null)
    return `[timeline and result](${run}/history) · in a terminal: ${shown}, or \`logs\`, \`changes\``;
  if (waiting !== null) return `[timeline](${run}/history)`;
  return `[how far: position and rate](${run}/pending-activities) · [timeline](${run}/history)`;
}

/** The page of a run in the Web UI. */
function pageOf({ namespace, workflowId, runId }: RunPlace): string {
  return `/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}/${encodeURIComponent(runId)}`;
}

function historyOf(place: RunPlace): string {
  return `${pageOf(place)}/history`;
}

function clipped(text: string, length: number): string {
  // Half a character from outside cannot be put into a URL.
  return clip(text, length).replace(/\p{Surrogate}/gu, '\uFFFD');
}
