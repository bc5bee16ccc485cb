/** The frozen plan of one target, read part by part by the attempt that holds the lease. */
import { UnavailableError } from '../../errors.ts';
import type { ChangeLimits } from '../../component/writer.ts';
import { checkLease, releaseOutgoing, takeOutgoing } from '../../postgres/publish/outgoing.ts';
import type { OutgoingChange, PublicationKey } from '../../postgres/publish/outgoing.ts';
import { settleOutgoing, type Settled } from '../../postgres/publish/settle-outgoing.ts';
import type { Pool } from '../../postgres/pool.ts';
import type { StepContext } from '../run-steps.ts';

/** Rows of the plan that are read at once, unless one batch is larger. After a killed attempt, twice as many have to be looked up. */
const MOST_TAKEN = 500;
const MOST_BYTES_TAKEN = 16 * 1024 * 1024;
const ROUNDS_TAKEN = 16;
const SECONDS_TAKEN = 3;
/** Several changes show whether a target fails on one of them or is down. */
const LEAST_TAKEN = 16;

const CHECK_MS = 1000;

export interface OpenPlan {
  /** Whether the next part is read while the last one is sent. */
  readonly isAhead: boolean;
  /** Returns the next part and marks its changes as being sent. `besides` are left out. */
  take(besides: readonly OutgoingChange[]): Promise<readonly OutgoingChange[]>;
  /** Records the answers to one part, and reports the progress. */
  record(settled: Settled): Promise<void>;
  /** Marks a part as unsent again. */
  release(unsent: readonly OutgoingChange[]): Promise<void>;
  /** Throws E_LEASE_LOST when another attempt holds the publication. Waits for no other transaction. */
  checkLease(): Promise<void>;
  /** Looks every second, because one part may take minutes. Returns a function that ends it. */
  watchLease(onLost: () => void): () => void;
}

export function openPlan(
  pool: Pool,
  key: PublicationKey,
  lease: string,
  { limits, onProgress }: { readonly limits: ChangeLimits; readonly onProgress: StepContext['onProgress'] },
): OpenPlan {
  const requests = Math.max(limits.batch * limits.concurrency, requestsTaken(limits));
  const most = Math.max(limits.batch, Math.min(MOST_TAKEN, requests));
  const isAhead = readsAhead(limits);
  const mostBytes = isAhead ? MOST_BYTES_TAKEN / 2 : MOST_BYTES_TAKEN;
  return {
    isAhead,
    take: (besides) => takeOutgoing(pool, key, lease, { most, mostBytes, besides: besides.map(({ id }) => id) }),
    async record(settled) {
      const { answered: done, total } = await settleOutgoing(pool, key, lease, settled);
      onProgress({ step: 'publish', position: key.target.name, done, total });
    },
    release(unsent) {
      const ids = unsent.filter(({ isUncertain }) => !isUncertain).map(({ id }) => id);
      return releaseOutgoing(pool, key, lease, ids);
    },
    checkLease: () => checkLease(pool, key, lease),
    watchLease(onLost) {
      const timer = setInterval(() => {
        checkLease(pool, key, lease).catch((thrown: unknown) => {
          if (thrown instanceof UnavailableError && thrown.code === 'E_LEASE_LOST') onLost();
        });
      }, CHECK_MS);
      return () => {
        clearInterval(timer);
      };
    },
  };
}

/** Where a group is a job of minutes, or a rate limit, recording takes no time in comparison. */
function readsAhead({ batch, requestsPerSecond }: ChangeLimits): boolean {
  return batch <= MOST_TAKEN && requestsPerSecond === undefined;
}

/** Groups the requests of a few seconds. With one record each, the database would otherwise be queried as often as the target. */
function requestsTaken({ concurrency, requestsPerSecond }: ChangeLimits): number {
  return requestsPerSecond === undefined
    ? concurrency * ROUNDS_TAKEN
    : Math.max(LEAST_TAKEN, Math.ceil(requestsPerSecond * SECONDS_TAKEN));
}
