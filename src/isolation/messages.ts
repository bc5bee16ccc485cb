/** What a worker and one of its step processes say to each other. Plain JSON over the channel of `child_process.fork`. */
import type { Logger } from '../component/services.ts';
import type { IsolatedStep } from '../pipeline/engine.ts';
import type { RunSteps, StepProgress } from '../pipeline/run-steps.ts';
import type { Settings } from '../settings.ts';
import type { WireError } from './wire-error.ts';

/** What a process needs to make the same engine as its worker. */
export interface StepSetup {
  readonly settings: Omit<Settings, 'temporal' | 'origins' | 'variable'>;
  readonly databaseUrl: string;
  readonly cwd: string;
  readonly memory: MemoryLimits;
}

export interface MemoryLimits {
  /** Resident memory at which the process ends itself. */
  readonly mostBytes: number;
}

export type ToProcess =
  | { readonly kind: 'setup'; readonly setup: StepSetup }
  | { readonly kind: 'run'; readonly step: IsolatedStep; readonly input: Parameters<RunSteps[IsolatedStep]>[0] }
  | { readonly kind: 'abort'; readonly reason: WireError };

export type FromProcess =
  /** Every second, as long as its event loop turns. */
  | { readonly kind: 'beat' }
  | { readonly kind: 'progress'; readonly progress: StepProgress }
  | {
      readonly kind: 'log';
      readonly level: keyof Logger;
      readonly message: string;
      readonly fields?: Record<string, unknown>;
    }
  /** A secret that was resolved there: the worker masks it as well. */
  | { readonly kind: 'secret'; readonly text: string }
  /** `memory` is the resident memory in bytes. */
  | { readonly kind: 'done'; readonly result: unknown; readonly memory: number }
  | { readonly kind: 'failed'; readonly error: WireError; readonly memory: number };

/** On stderr, before a process ends itself because it holds too much; followed by the number of bytes. */
export const MEMORY_MARK = 'vocab-sync step process: memory limit, bytes held: ';
