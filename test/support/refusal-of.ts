/** Returns the vocab-sync error that `work` throws. The test fails if nothing, or anything else, is thrown. */
import { VocabSyncError } from '../../src/errors.ts';

export function refusalOf(work: () => unknown): VocabSyncError {
  try {
    work();
  } catch (error) {
    if (error instanceof VocabSyncError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** As `refusalOf`, for work that ends later. */
export async function rejectionOf(work: Promise<unknown>): Promise<VocabSyncError> {
  const thrown: unknown = await work.then(
    () => new Error('nothing was refused'),
    (error: unknown) => error,
  );
  if (thrown instanceof VocabSyncError) return thrown;
  throw thrown as Error;
}
