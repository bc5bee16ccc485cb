/** Which partition an attempt staged, or which event it told of: several of them are no attempts of one. */
export const partsOfSteps = {
  id: '0008-parts-of-steps',
  sql: `
ALTER TABLE vocab_sync.step_attempt ADD COLUMN part text;
`,
} as const;
