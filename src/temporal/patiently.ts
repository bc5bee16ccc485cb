import { isDeadline } from './server-failure.ts';

/** The server gives a call ten seconds. */
const ATTEMPTS = 3;

/** A busy server lets a call run into its deadline though it is well. For calls that may be made twice. */
export async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (thrown) {
      if (attempt === ATTEMPTS || !isDeadline(thrown)) throw thrown;
    }
  }
}
