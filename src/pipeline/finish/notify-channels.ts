/**
 * Tells the channels of a job of one event of a run, each once as far as that can be known: a worker that dies between
 * the answer of a server and the note of it sends a second one. What a channel refuses is written down; a server that
 * cannot be reached is asked again by the attempts of the step. The run is what it is, whatever comes of this.
 */
import { UnavailableError, VocabSyncError, messageOf } from '../../errors.ts';
import type { NotifyChannel } from '../../job/schema/notify-schema.ts';
import { redactClipped } from '../../logging/redact.ts';
import { isNoticeSent, saveNotice, type NoticeKey } from '../../postgres/ledger/notices.ts';
import { jobOfRun } from '../../postgres/ledger/job-of-run.ts';
import { findRun } from '../../postgres/ledger/run-rows.ts';
import type { Notice } from '../../records/notice.ts';
import type { RunFailure } from '../../records/run.ts';
import type { Engine } from '../engine.ts';
import { reportRun } from './report-run.ts';
import type { NotifyInput, StepContext } from '../run-steps.ts';

const LONGEST_MESSAGE = 2_000;

type NotifyEngine = Pick<Engine, 'pool' | 'logger' | 'webUi' | 'sendNotice'>;

/** Throws UnavailableError when at least one channel is to be tried again, after all that could be sent. */
export async function notifyChannels(
  engine: NotifyEngine,
  input: NotifyInput,
  context: Pick<StepContext, 'signal'>,
): Promise<void> {
  const row = await findRun(engine.pool, input.run);
  if (row === undefined || engine.sendNotice === undefined) return;
  const channels = jobOfRun(row).notify;
  const notice: Notice = { event: input.event, report: await reportRun(engine, input.run) };
  let missed: UnavailableError | undefined;
  for (const [index, channel] of channels.entries()) {
    if (!channel.on.includes(input.event)) continue;
    const { run, event, about } = input;
    const key: NoticeKey = { run, event, about, channel: index, channelType: channel.type };
    if (await isNoticeSent(engine.pool, key)) continue;
    const thrown = await deliver(engine, channel, notice, key, context.signal);
    if (thrown instanceof UnavailableError) missed = thrown;
  }
  if (missed !== undefined) throw missed;
}

async function deliver(
  engine: NotifyEngine,
  channel: NotifyChannel,
  notice: Notice,
  key: NoticeKey,
  signal: AbortSignal,
): Promise<VocabSyncError | undefined> {
  const about = { run: key.run, event: key.event, channel: `${channel.type} ${String(key.channel + 1)}` };
  try {
    await engine.sendNotice?.(channel, notice, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    if (!(thrown instanceof VocabSyncError)) throw thrown;
    const failure: RunFailure = { code: thrown.code, message: redactClipped(messageOf(thrown), LONGEST_MESSAGE) };
    await saveNotice(engine.pool, key, failure);
    engine.logger.warn('A notice could not be delivered.', { ...about, ...failure });
    return thrown;
  }
  await saveNotice(engine.pool, key, undefined);
  engine.logger.info('A notice was delivered.', about);
  return undefined;
}
