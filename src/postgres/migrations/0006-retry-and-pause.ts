/** Adds the position of a rejected entry in its source, and whether the end of a run paused the schedule of its job. */
export const retryAndPause = {
  id: '0006-retry-and-pause',
  sql: `
-- The position at each reader, outermost first. Null: rejected on write, or before positions were kept.
ALTER TABLE vocab_sync.rejection ADD COLUMN cursor bigint[];

-- The note of the pause.
ALTER TABLE vocab_sync.run ADD COLUMN schedule_paused text;
`,
} as const;
