/** Opens the connection to a target that receives changes, and always closes it. */
import { componentFailure } from '../../errors.ts';
import type { ChangeLimits, ChangesSink } from '../../component/writer.ts';
import type { Engine } from '../engine.ts';
import type { OpenTarget } from '../open-task.ts';
import { createTurns } from './create-turns.ts';

export interface OpenSink {
  readonly sink: ChangesSink;
  readonly limits: ChangeLimits;
  /** Converts an error of the writer to one of our errors. An aborted call throws the reason. */
  readonly ofWriter: <T>(call: () => Promise<T>) => Promise<T>;
}

export interface SinkPlace {
  readonly run: string;
  readonly job: string;
  readonly task: string;
  readonly target: OpenTarget['target'];
  readonly changes: NonNullable<OpenTarget['changes']>;
  /** Nothing is written. */
  readonly readOnly?: boolean;
}

export async function withSink<T>(
  engine: Engine,
  { run, job, task, target, changes: { writer, args }, readOnly = false }: SinkPlace,
  signal: AbortSignal,
  work: (open: OpenSink) => Promise<T>,
): Promise<T> {
  const limits = writer.limits(args);
  const ofWriter: OpenSink['ofWriter'] = (call) =>
    call().catch((thrown: unknown) => {
      signal.throwIfAborted();
      throw componentFailure(`writer "${writer.type}"`, thrown);
    });
  const turn = createTurns(limits.requestsPerSecond, signal);
  const about = { run, job, task, signal, api: engine.services.api, logger: engine.logger, turn, readOnly };
  const sink = await ofWriter(() => writer.open(args, about));
  try {
    return await work({ sink, limits, ofWriter });
  } finally {
    await sink.close().catch((error: unknown) => {
      engine.logger.warn('The connection to a target could not be closed.', { target: target.name, error });
    });
  }
}
