/** What the list of runs in the Web UI can be filtered by. The names are registered once for each namespace. */

export const VOCAB_JOB = { name: 'VocabJob', type: 'KEYWORD' } as const;
export const VOCAB_PHASE = { name: 'VocabPhase', type: 'KEYWORD' } as const;
export const VOCAB_OUTCOME = { name: 'VocabOutcome', type: 'KEYWORD' } as const;
/** Records staged by the run, all tasks together. */
export const VOCAB_RECORDS = { name: 'VocabRecords', type: 'INT' } as const;
export const VOCAB_REJECTED = { name: 'VocabRejected', type: 'INT' } as const;

export const SEARCH_ATTRIBUTES = [VOCAB_JOB, VOCAB_PHASE, VOCAB_OUTCOME, VOCAB_RECORDS, VOCAB_REJECTED] as const;
