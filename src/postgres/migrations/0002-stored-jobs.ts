/** Stored jobs: who switched a job on or off by hand, and a deletion that keeps versions and runs. */
export const storedJobs = {
  id: '0002-stored-jobs',
  sql: `
ALTER TABLE vocab_sync.job
  -- both null: "active" is what the newest version says
  ADD COLUMN active_changed_by text,
  ADD COLUMN active_changed_at timestamptz,
  ADD COLUMN deleted_by text,
  ADD COLUMN deleted_at timestamptz;
`,
} as const;
