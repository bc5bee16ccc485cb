/** What the dev servers of the tests register, by name and type (DESIGN 7). */
export const TEST_SEARCH_ATTRIBUTES = {
  VocabJob: 'Keyword',
  VocabPhase: 'Keyword',
  VocabOutcome: 'Keyword',
  VocabRecords: 'Int',
  VocabRejected: 'Int',
} as const;
