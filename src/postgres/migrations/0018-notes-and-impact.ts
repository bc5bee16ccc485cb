/** What sources say of records besides the records, and how many records of a repository refer to what a run changes. */
export const notesAndImpact = {
  id: '0018-notes-and-impact',
  sql: `
-- Of published records, as {"status", "successors"}. Only those that have notes have a row.
CREATE TABLE vocab_sync.note (
  target text NOT NULL,
  id text NOT NULL,
  notes json NOT NULL,
  -- the run that read them
  run_id uuid NOT NULL,
  PRIMARY KEY (target, id)
);
COMMENT ON TABLE vocab_sync.note IS 'What the sources say of published records besides the records: who continues an organisation.';

-- The notes of a record when it was changed.
ALTER TABLE vocab_sync.change ADD COLUMN notes json;
ALTER TABLE vocab_sync.outgoing ADD COLUMN notes json;

CREATE TABLE vocab_sync.impact (
  run_id uuid NOT NULL REFERENCES vocab_sync.run (id) ON DELETE CASCADE,
  task text NOT NULL,
  target text NOT NULL,
  -- as Impact
  result json NOT NULL,
  measured_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (run_id, task, target)
);
COMMENT ON TABLE vocab_sync.impact IS 'How many records of a repository refer to what a run withdraws, renames or marks as inactive.';
`,
} as const;
