import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** So that a measure of memory counts what is held, not what nobody has cleared away yet. */
export const collectGarbage = runInNewContext('gc') as () => void;
