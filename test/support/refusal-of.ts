/** The error of ours that `work` throws; the test fails where nothing, or anything else, is thrown. */
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
