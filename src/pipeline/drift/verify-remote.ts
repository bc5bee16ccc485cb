/** Compares a target that receives changes, either by joining its list with the published records or by looking records up. */
import { ConfigError, InternalError } from '../../errors.ts';
import type { ChangesWriter } from '../../component/writer.ts';
import type { Finding } from '../../postgres/ledger/drift.ts';
import { readExpected, withExpectedIds } from '../../postgres/publish/expected-rows.ts';
import type { Held } from '../../records/change.ts';
import { compareIds } from '../../records/compare-ids.ts';
import { withSink, type OpenSink } from '../publish/with-sink.ts';
import { compareBy, comparePublished, compareStaged, type Compare } from './compare-record.ts';
import type { Verification } from './verification.ts';

/** Records that are compared together. What is missing or changed of them is looked up in one call. */
const BATCH = 200;

/** Throws ConfigError E_DRIFT_REFUSED if the target can neither list nor look up its records. */
export async function verifyRemote(
  verification: Verification,
  changes: { readonly writer: ChangesWriter; readonly args: unknown },
): Promise<void> {
  const { engine, task, target, expected, context } = verification;
  const { id: run, job_id: job } = task.run;
  const place = { run, job, task: task.row.name, target: target.target, changes, readOnly: true };
  await withSink(engine, place, context.signal, async (open) => {
    const list = requireReadable(verification, open, changes.writer.type);
    await withExpectedIds(engine.pool, expected, async (ids) => {
      const pairs = list === undefined ? lookedUp(ids, open) : mergeById(ids, wrapped(list, open));
      await compareAll(verification, open, pairs, list !== undefined);
    });
  });
}

/** Returns the list of what the target holds. Undefined: records are looked up. */
function requireReadable(
  { expected, sample, task }: Verification,
  { sink }: OpenSink,
  type: string,
): AsyncIterable<readonly Held[]> | undefined {
  if (sample === undefined && sink.list !== undefined) return sink.list(expected.after);
  if (sink.look !== undefined) return undefined;
  const where = `${expected.target.name} (task ${task.row.name})`;
  throw new ConfigError(
    'E_DRIFT_REFUSED',
    `Expected the writer "${type}" to be able to read what ${where} holds, but it can only write there${
      sink.list === undefined ? '' : ' and list everything, so no sample can be chosen'
    }.`,
  );
}

async function* wrapped(list: AsyncIterable<readonly Held[]>, { ofWriter }: OpenSink): AsyncGenerator<readonly Held[]> {
  const batches = list[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await ofWriter(() => batches.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await batches.return?.();
  }
}

async function* lookedUp(ids: AsyncIterable<readonly string[]>, open: OpenSink): AsyncGenerator<Pair> {
  for await (const batch of ids) {
    for (let start = 0; start < batch.length; start += BATCH) {
      const some = batch.slice(start, start + BATCH);
      const held = await lookUp(open, some);
      for (const id of some) yield { id, isExpected: true, held: held.get(id) };
    }
  }
}

/** The number of concurrent look-ups: as many as the target accepts requests. */
async function lookUp(
  { sink, limits, ofWriter }: OpenSink,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Held>> {
  const size = Math.max(1, Math.ceil(ids.length / Math.max(1, limits.concurrency)));
  const parts = Array.from({ length: Math.ceil(ids.length / size) }, (_, i) => ids.slice(i * size, (i + 1) * size));
  const found = await Promise.all(
    parts.map((part) => ofWriter(async () => sink.look?.(part) ?? new Map<string, Held>())),
  );
  return new Map(found.flatMap((part) => [...part]));
}

async function compareAll(
  verification: Verification,
  open: OpenSink,
  pairs: AsyncIterable<Pair>,
  lists: boolean,
): Promise<void> {
  const { context } = verification;
  let batch: Pair[] = [];
  const flush = async (isLast: boolean): Promise<void> => {
    const cursor = isLast ? undefined : batch.at(-1)?.id;
    const compared = await compareBatch(verification, open, batch, lists);
    batch = [];
    await verification.advance({ ...compared, cursor, lists });
  };
  for await (const pair of pairs) {
    context.signal.throwIfAborted();
    batch.push(pair);
    if (batch.length >= BATCH) await flush(false);
  }
  await flush(true);
}

async function compareBatch(
  { engine, task, expected }: Verification,
  open: OpenSink,
  batch: readonly Pair[],
  lists: boolean,
): Promise<{ readonly compared: number; readonly findings: readonly Finding[] }> {
  const ids = batch.filter(({ isExpected }) => isExpected).map(({ id }) => id);
  const rows = await readExpected(engine.pool, expected, ids);
  const compare = compareBy(open);
  const adopts = task.run.mode === 'adopt';
  const compareOne: (compare: Compare, pair: Pair) => Promise<Finding | undefined> = (by, { id, held }) =>
    (adopts ? compareStaged : comparePublished)(by, id, rows.get(id), held);
  const findings: Finding[] = [];
  const doubtful: Pair[] = [];
  for (const pair of batch) {
    const finding = await compareOne(compare, pair);
    if (finding === undefined) continue;
    if (lists && !adopts && finding.kind !== 'foreign') doubtful.push(pair);
    else findings.push(finding);
  }
  // A list may lag, or omit records that a search does not show. A look-up decides.
  const held =
    open.sink.look === undefined
      ? undefined
      : await lookUp(
          open,
          doubtful.map(({ id }) => id),
        );
  for (const pair of doubtful) {
    const finding = await compareOne(compare, held === undefined ? pair : { ...pair, held: held.get(pair.id) });
    if (finding !== undefined) findings.push(finding);
  }
  const compared = [...rows.values()].filter(
    ({ isOwn, isWithdrawn, record }) => isOwn && !isWithdrawn && record !== null,
  );
  return {
    compared: adopts ? [...rows.values()].filter(({ staged }) => staged !== null).length : compared.length,
    findings,
  };
}

interface Pair {
  readonly id: string;
  /** Whether it is among the expected ids. */
  readonly isExpected: boolean;
  readonly held: Held | undefined;
}

/** Throws InternalError E_COMPONENT_CRASH if the target is not listed in order: records would be reported as missing. */
async function* mergeById(
  expected: AsyncIterable<readonly string[]>,
  held: AsyncIterable<readonly Held[]>,
): AsyncGenerator<Pair> {
  const ids = oneByOne(expected);
  const records = inOrder(oneByOne(held));
  try {
    let id = (await ids.next()).value;
    let record = (await records.next()).value;
    while (id !== undefined || record !== undefined) {
      const order = id === undefined ? 1 : record === undefined ? -1 : compareIds(id, record.id);
      if (order === 0 && id !== undefined) yield { id, isExpected: true, held: record };
      else if (order < 0 && id !== undefined) yield { id, isExpected: true, held: undefined };
      else if (record !== undefined) yield { id: record.id, isExpected: false, held: record };
      if (order <= 0) id = (await ids.next()).value;
      if (order >= 0) record = (await records.next()).value;
    }
  } finally {
    await ids.return(undefined);
    await records.return(undefined);
  }
}

async function* oneByOne<T>(batches: AsyncIterable<readonly T[]>): AsyncGenerator<T, undefined> {
  for await (const batch of batches) yield* batch;
  return undefined;
}

async function* inOrder(records: AsyncIterable<Held>): AsyncGenerator<Held, undefined> {
  let last: string | undefined;
  for await (const record of records) {
    if (last !== undefined && compareIds(last, record.id) >= 0) {
      throw new InternalError(
        'E_COMPONENT_CRASH',
        `Expected the target to be listed in order of the bytes of the id, found ${JSON.stringify(record.id)} after ${JSON.stringify(last)}.`,
      );
    }
    last = record.id;
    yield record;
  }
  return undefined;
}
