/** Waiting for somebody to approve or discard a plan. */
import { condition, defineUpdate, setHandler } from '@temporalio/workflow';
import { decisionFailure } from './failure.ts';
import { MILLISECONDS_PER_DAY } from './policies.ts';
import type { Board } from './board.ts';
import type { Decision } from './run-state.ts';

/** What somebody may say with a decision. `plan` guards against approving another plan than the one that was looked at. */
export interface DecisionInput {
  readonly by?: string;
  readonly reason?: string;
  readonly plan?: string;
}

export interface DecisionTaken {
  readonly task: string;
  readonly plan: string;
}

export const approveUpdate = defineUpdate<DecisionTaken, [(DecisionInput | null)?]>('approve');
export const discardUpdate = defineUpdate<DecisionTaken, [(DecisionInput | null)?]>('discard');

export interface Approval {
  /** Resolves when somebody decided about this plan, or after `days`. The decision is for this digest alone. */
  decide(
    plan: { readonly task: string; readonly planDigest: string },
    days: number,
    announce: Announce,
  ): Promise<Decision>;
}

/** Writes the wait down. A decision may arrive while it does: whoever reads the ledger may act at once. */
export type Announce = (deadline: string) => Promise<void>;

export function openApproval(board: Board): Approval {
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
    const problem = problemOf(board, input);
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

async function decide(
  board: Board,
  plan: { readonly task: string; readonly planDigest: string },
  days: number,
  announce: Announce,
): Promise<Decision> {
  const milliseconds = Math.max(1, Math.round(days * MILLISECONDS_PER_DAY));
  const deadline = new Date(Date.now() + milliseconds).toISOString();
  board.change((state) => {
    state.phase = 'waiting';
    state.decision = null;
    state.waiting = { ...plan, deadline };
  });
  await announce(deadline);
  await condition(() => board.state.decision !== null, milliseconds, { summary: 'waiting for approve or discard' });
  const decision = board.state.decision ?? {
    kind: 'discarded',
    by: 'vocab-sync',
    reason: `nobody decided within ${String(days)} day${days === 1 ? '' : 's'}`,
  };
  board.change((state) => {
    state.waiting = null;
    state.decision = decision;
  });
  return decision;
}

const NOT_WAITING = 'the run is not waiting for approval';
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
