/** Waits until a person approves or discards a plan. */
import { CancellationScope, condition, defineUpdate, patched, setHandler } from '@temporalio/workflow';
import { decisionFailure } from './failure.ts';
import { MILLISECONDS_PER_DAY } from './policies.ts';
import type { Board } from './board.ts';
import type { Decision } from './run-state.ts';

/** The data of a decision. `plan` prevents the approval of another plan than the one that was inspected. */
export interface DecisionInput {
  readonly by?: string;
  readonly reason?: string;
  readonly plan?: string;
}

export interface DecisionTaken {
  readonly task: string;
  readonly plan: string;
}

const approveUpdate = defineUpdate<DecisionTaken, [(DecisionInput | null)?]>('approve');
const discardUpdate = defineUpdate<DecisionTaken, [(DecisionInput | null)?]>('discard');

export interface Approval {
  /** Resolves when someone has decided about this plan, or after `days`. The decision applies to this digest only. */
  decide(plan: PlanToDecide, days: number, announce: Announce): Promise<Decision>;
}

interface PlanToDecide {
  readonly task: string;
  readonly planDigest: string;
}

interface Announce {
  /** Stores the wait. A decision may arrive meanwhile, because people who read the ledger may act at once. */
  wait(deadline: string): Promise<void>;
  /** Called again and again while nobody has decided; never waited for. Absent where nobody wants to be reminded. */
  readonly remind?: { readonly days: number; readonly send: (count: number) => void };
}

export function openApproval(board: Board): Approval {
  const run = CancellationScope.current();
  const isCancelled = (): boolean => run.consideredCancelled;
  const take = (kind: Decision['kind'], input: DecisionInput | null | undefined): DecisionTaken => {
    const waiting = board.state.waiting;
    if (waiting === null) throw decisionFailure(NOT_WAITING);
    const by = input?.by?.trim() ?? '';
    const reason = input?.reason?.trim() ?? '';
    const decision: Decision = { kind, by: by === '' ? 'not named' : by, ...(reason === '' ? {} : { reason }) };
    board.change((state) => {
      state.waiting = null;
      state.decision = decision;
    });
    return { task: waiting.task, plan: waiting.planDigest };
  };
  const validator = (input?: DecisionInput | null): void => {
    const problem = isCancelled() ? CANCELLED : problemOf(board, input);
    if (problem !== undefined) throw new Error(problem);
  };
  setHandler(approveUpdate, (input) => take('approved', input), {
    description: 'Publish the plan that waits. Input, optional: {"by": "your name", "reason": "why"}.',
    validator,
  });
  setHandler(discardUpdate, (input) => take('discarded', input), {
    description:
      'Drop the plan that waits; nothing is published. Input, optional: {"by": "your name", "reason": "why"}.',
    validator,
  });
  return { decide: (plan, days, announce) => decide(board, plan, days, announce) };
}

async function decide(board: Board, plan: PlanToDecide, days: number, announce: Announce): Promise<Decision> {
  const milliseconds = Math.max(1, Math.round(days * MILLISECONDS_PER_DAY));
  const until = Date.now() + milliseconds;
  board.change((state) => {
    state.phase = 'waiting';
    state.decision = null;
    state.waiting = { ...plan, deadline: new Date(until).toISOString() };
  });
  let decision: Decision;
  try {
    await (patched(DEADLINE_FIRST) ? waitUntil(board, until, announce) : announceFirst(board, until, announce));
    decision = board.state.decision ?? {
      kind: 'discarded',
      by: 'vocab-sync',
      reason: `nobody decided within ${String(days)} day${days === 1 ? '' : 's'}`,
    };
  } catch (thrown) {
    close(board, board.state.decision);
    throw thrown;
  }
  close(board, decision);
  return decision;
}

/** From here on a decision could no longer be carried out, so it is refused. */
function close(board: Board, decision: Decision | null): void {
  board.change((state) => {
    state.waiting = null;
    state.decision = decision;
  });
}

/** Marks runs whose timer starts before the wait is written down. */
const DEADLINE_FIRST = 'deadline-first';

/**
 * The timer starts at once, so that the displayed deadline is kept even if the database is unreachable and storing the
 * wait takes long. Ends the announcement when someone has decided or the time is up. Throws its error, or the
 * cancellation of the run.
 */
async function waitUntil(board: Board, until: number, announce: Announce): Promise<void> {
  const failed: { thrown?: unknown } = {};
  const scope = new CancellationScope();
  const announced = scope
    .run(() => announce.wait(new Date(until).toISOString()))
    .catch((thrown: unknown) => {
      if (!scope.consideredCancelled) failed.thrown = thrown;
    });
  const isOver = (): boolean => board.state.decision !== null || 'thrown' in failed;
  try {
    const { remind } = announce;
    const interval = remind === undefined ? Infinity : Math.max(1, Math.round(remind.days * MILLISECONDS_PER_DAY));
    for (let count = 1; !isOver() && Date.now() < until; count += 1) {
      const pause = Math.min(interval, until - Date.now());
      const isDecided = await condition(isOver, pause, { summary: 'waiting for approve or discard' });
      if (!isDecided && Date.now() < until) remind?.send(count);
    }
  } finally {
    close(board, board.state.decision);
    scope.cancel();
    await CancellationScope.nonCancellable(() => announced);
  }
  if ('thrown' in failed) throw failed.thrown;
}

/** Runs from before the timer came first. */
async function announceFirst(board: Board, until: number, announce: Announce): Promise<void> {
  await announce.wait(new Date(until).toISOString());
  const isDecided = (): boolean => board.state.decision !== null;
  await condition(isDecided, Math.max(1, until - Date.now()), { summary: 'waiting for approve or discard' });
}

const NOT_WAITING = 'the run is not waiting for approval';
const CANCELLED = 'the run is being cancelled: nothing more is published';
const LONGEST_TEXT = 500;

/** Short, because the Web UI prints them together with a stack. */
function problemOf(board: Board, input: unknown): string | undefined {
  const { waiting } = board.state;
  if (waiting === null) return NOT_WAITING;
  if (input === undefined || input === null) return undefined;
  if (typeof input !== 'object' || Array.isArray(input)) return 'the input must be an object like {"by": "your name"}';
  for (const [key, value] of Object.entries(input)) {
    if (!['by', 'reason', 'plan'].includes(key))
      return `unknown key "${key.slice(0, 40)}": expected by, reason or plan`;
    if (typeof value !== 'string' || value.length > LONGEST_TEXT)
      return `"${key}" must be a text of at most ${String(LONGEST_TEXT)} characters`;
    if (key === 'plan' && value !== waiting.planDigest)
      return 'another plan is waiting now: look at it again before you decide';
  }
  return undefined;
}
