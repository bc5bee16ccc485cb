/** A change as other programs receive it: in the body of a webhook and in a line of output. */
import { createHash } from 'node:crypto';
import type { Change } from './change.ts';

export interface ChangeMessage {
  /** Stays the same if the change is sent again, and is in no other change. 32 hex digits. */
  readonly key: string;
  readonly run: string;
  readonly job: string;
  readonly target: string;
  readonly id: string;
  readonly kind: Change['kind'];
  /** With `withdraw`, the record as it was last published. */
  readonly record: Change['document'];
  readonly before?: Change['document'];
}

export interface MessageOrigin {
  readonly run: string;
  readonly job: string;
  readonly task: string;
  readonly target: string;
}

/** `withBefore`: includes the record as it was last published, if there is one. */
export function toMessage(change: Change, origin: MessageOrigin, withBefore: boolean): ChangeMessage {
  const { run, job, task, target } = origin;
  const { id, kind, document, before } = change;
  return {
    key: digestOf(JSON.stringify([run, task, target, id, kind, document])),
    ...{ run, job, target, id, kind, record: document },
    ...(withBefore && before !== undefined ? { before } : {}),
  };
}

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
