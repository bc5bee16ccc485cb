/** One row: whose database this is. Runs, schedules and steps carry it, so that a worker of another database refuses them. */
export const installation = {
  id: '0010-installation',
  sql: `
CREATE TABLE vocab_sync.installation (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO vocab_sync.installation DEFAULT VALUES;

CREATE INDEX run_by_workflow ON vocab_sync.run (workflow_id);
`,
} as const;
