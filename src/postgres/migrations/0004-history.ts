/** What undoing needs of a change, the attempts of the steps with their times and errors, and the log of each run. */
export const history = {
  id: '0004-history',
  sql: `
ALTER TABLE vocab_sync.run ADD COLUMN rolls_back uuid, ADD COLUMN rolled_back_by uuid;

-- Rows that were logged before have none of it: they are undone too, but count as changed by the rollback.
ALTER TABLE vocab_sync.change
  ADD COLUMN before_hash bytea,
  -- the run that had made what was replaced
  ADD COLUMN before_run uuid,
  -- with the order of keys, for targets that are written as files
  ADD COLUMN before_json json,
  -- of a rollback: the run that had made what it put back
  ADD COLUMN after_run uuid;

-- One row for each attempt of a step of a run; it has no end where the attempt was lost with its worker.
CREATE TABLE vocab_sync.step_attempt (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id uuid NOT NULL,
  step text NOT NULL,
  task text,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  error json
);
CREATE INDEX step_attempt_by_run ON vocab_sync.step_attempt (run_id, id);

CREATE TABLE vocab_sync.run_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  level text NOT NULL,
  message text NOT NULL,
  fields json
);
CREATE INDEX run_log_by_run ON vocab_sync.run_log (run_id, id);
`,
} as const;
