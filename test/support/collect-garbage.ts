import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

const collect = runInNewContext('gc') as () => void;

/**
 * So that a measure of memory counts what is held, not what nobody has cleared away yet. Twice: buffers are freed by a
 * thread of their own, and a collection begins by waiting for what the one before it left to that thread.
 */
export function collectGarbage(): void {
  collect();
  collect();
}
