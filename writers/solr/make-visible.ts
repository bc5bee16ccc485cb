/**
 * Commits, and waits until searches show what was written. After a crash, Solr answers 200 to a commit while it replays its
 * log, and ignores it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, UnavailableError } from '../../src/errors.ts';
import type { Change, ChangeResult } from '../../src/records/change.ts';
import { readShown, unexpected, type SolrClient } from './open-solr-client.ts';
import type { SolrArgs } from './solr-args.ts';

/** As many of the last writes are searched for. Solr makes writes visible in their order, shard by shard. */
const MOST_REMEMBERED = 200;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

export interface Written {
  /** Only a change that is done is remembered. */
  add(change: Change, result: ChangeResult | undefined): void;
  readonly ids: () => readonly string[];
  /** The ids of the last writes that searches do not show, if they show these versions. */
  hidden(shown: ReadonlyMap<string, string>): readonly string[];
}

export function rememberWrites(): Written {
  const last = new Map<string, { readonly version: string; readonly isThere: boolean }>();
  return {
    add({ id, kind, remote }, result) {
      if (result?.result !== 'done') return;
      last.delete(id);
      const version = kind === 'withdraw' ? remote?.['version'] : result.remote?.['version'];
      if (typeof version !== 'string') return;
      last.set(id, { version, isThere: kind !== 'withdraw' });
      const [oldest] = last.keys();
      if (last.size > MOST_REMEMBERED && oldest !== undefined) last.delete(oldest);
    },
    ids: () => [...last.keys()],
    hidden: (shown) =>
      [...last].flatMap(([id, { version, isThere }]) => {
        const found = shown.get(id);
        // Another client may have written it since: versions grow.
        const isShown = isThere ? found !== undefined && BigInt(found) >= BigInt(version) : found !== version;
        return isShown ? [] : [id];
      }),
  };
}

/** Throws UnavailableError after `timeout_seconds`. */
export async function makeVisible(
  client: SolrClient,
  args: SolrArgs,
  written: Written,
  signal: AbortSignal,
): Promise<void> {
  const end = performance.now() + args.timeout_seconds * 1000;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const answer = await client.post('/update', '{"commit": {}}');
    if (answer.status !== 200) throw unexpected(client, answer);
    const shown = await readShown(client, args, written.ids()).catch(unlessForbidden);
    const hidden = shown === undefined ? [] : written.hidden(shown);
    if (hidden.length === 0) return;
    if (performance.now() + pause > end) {
      throw new UnavailableError(
        'E_TARGET_UNAVAILABLE',
        `Expected ${client.place} to show ${String(hidden.length)} of the last changes after a commit, such as ${String(hidden[0])}, but it did not within ${String(args.timeout_seconds)} seconds. It may be replaying its log after a crash. It is tried again.`,
      );
    }
    await sleep(pause, undefined, { signal });
  }
}

/** A user who may only update cannot see what searches show. */
function unlessForbidden(thrown: unknown): undefined {
  if (!(thrown instanceof ConfigError)) throw thrown;
}
