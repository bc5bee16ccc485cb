/** How far a partition was when an attempt at it began: attempts that are lost at the same place would be lost for ever. */
export const placeOfAttempts = {
  id: '0011-place-of-attempts',
  sql: `
ALTER TABLE vocab_sync.step_attempt ADD COLUMN place text;
`,
} as const;
