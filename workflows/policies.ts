/** Every timeout and retry number of a run, each with its reason. Nothing else in workflows/ holds one. */
import type { ActivityOptions } from '@temporalio/workflow';

/**
 * A killed worker is noticed after this time without a heartbeat, so a run is idle for at most that long. It also
 * limits how long a restart of the Temporal server may take before a healthy attempt is abandoned and repeated
 * (measured: with 10 s, an outage of 31 s repeated the work; with 60 s it had no effect).
 */
export const DEFAULT_HEARTBEAT_SECONDS = 60;
/** Below this an event loop that is busy parsing could look dead; above it a dead worker costs too long. */
export const HEARTBEAT_SECONDS_RANGE = { min: 2, max: 3600 } as const;

/**
 * The maximum number of partitions of one run that are staged at once: half of a worker's slots, so that other runs
 * continue.
 */
export const PARTITIONS_UNDER_WAY = 4;

/** A database that crashes again each time the run has staged is an operator's matter, not one more try's. */
export const STAGE_ROUNDS = 5;

/** A chat answers within a second. What takes longer is delivered after the run has ended. */
export const NOTICES_AT_END_MILLISECONDS = 5000;

export const MILLISECONDS_PER_DAY = 24 * 60 * 60 * 1000;

interface StepPolicy {
  readonly startToCloseTimeout: ActivityOptions['startToCloseTimeout'];
  readonly scheduleToCloseTimeout?: ActivityOptions['scheduleToCloseTimeout'];
  readonly retry: NonNullable<ActivityOptions['retry']>;
}

/**
 * No step has `maximumAttempts`: the shutdown of a worker, a pause and a reset each end an attempt without anything
 * being wrong. What cannot be helped by another attempt fails at once, because its failure says so.
 */
export const POLICIES = {
  /** A few rows in the ledger. Two minutes cover a lock that another start of the same job holds for a moment. */
  ledger: {
    startToCloseTimeout: '2m',
    // One second, because a database that restarts is back in seconds. At most a minute, so that an operator who fixed
    // it does not wait longer.
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
  },
  /** Reads a source. A day: 40 GB at 0.5 MB/s. A week: a source that is down over a long weekend, or a paused activity. */
  source: {
    startToCloseTimeout: '24h',
    scheduleToCloseTimeout: '7d',
    // Ten minutes: the rate at which a server that is down may be asked without being a nuisance. `Retry-After` wins.
    retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '10m' },
  },
  /** A request to a chat or a mail server. A day: one that is down over night tells in the morning, later is no news. */
  notice: {
    startToCloseTimeout: '2m',
    scheduleToCloseTimeout: '1d',
    retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '10m' },
  },
  /** Writes into our own stage, or works in the database alone. Six hours: an index on 20 million records takes one. */
  database: {
    startToCloseTimeout: '6h',
    scheduleToCloseTimeout: '7d',
    // A lost stage is not found by looking again: the workflow goes back to the step that fills it.
    retry: {
      initialInterval: '1s',
      backoffCoefficient: 2,
      maximumInterval: '1m',
      nonRetryableErrorTypes: ['E_STAGE_LOST'],
    },
  },
  /**
   * Sends changes to a server that may take a few each second. Seven days: 20 million records at 50 a second take five.
   * A week in all: a target that is down over a long weekend.
   */
  publish: {
    startToCloseTimeout: '7d',
    scheduleToCloseTimeout: '14d',
    // Five minutes, so that a target that is back is not idle for longer. A delay that the target requests takes
    // precedence.
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '5m' },
  },
  /**
   * Asks a target about at most 5,000 records. Two hours: 10,000 requests within InvenioRDM's 6.9 a second over an hour take
   * 25 minutes, and several targets are asked one after the other. The step itself gives up a target that is down.
   */
  impact: {
    startToCloseTimeout: '2h',
    scheduleToCloseTimeout: '1d',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
  },
  /** Reads the source into the stage, so it has the patience of the one and the failure of the other. */
  stage: {
    startToCloseTimeout: '24h',
    scheduleToCloseTimeout: '7d',
    retry: {
      initialInterval: '1s',
      backoffCoefficient: 2,
      maximumInterval: '5m',
      nonRetryableErrorTypes: ['E_STAGE_LOST'],
    },
  },
} as const satisfies Record<string, StepPolicy>;
