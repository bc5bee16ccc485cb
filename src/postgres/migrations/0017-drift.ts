/** Comparing targets with what was published there, and what was found. */
export const drift = {
  id: '0017-drift',
  sql: `
CREATE TABLE vocab_sync.verification (
  run_id uuid NOT NULL REFERENCES vocab_sync.run (id) ON DELETE CASCADE,
  task text NOT NULL,
  target text NOT NULL,
  -- open, done
  state text NOT NULL DEFAULT 'open',
  -- records that are compared in a sample; null: all
  sample integer,
  -- the last id, in order of bytes, up to which everything is compared
  cursor text,
  -- what was found so far, as DriftCounts
  counts json NOT NULL,
  -- the attempt that compares; another one takes over by drawing its own
  lease uuid,
  started_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  PRIMARY KEY (run_id, task, target)
);

-- What differs. A verification keeps the first of each kind; a run that repairs or adopts keeps all until it ends.
CREATE TABLE vocab_sync.drift (
  run_id uuid NOT NULL REFERENCES vocab_sync.run (id) ON DELETE CASCADE,
  task text NOT NULL,
  target text NOT NULL,
  id text NOT NULL,
  -- missing, changed, foreign; equal: to be adopted
  kind text NOT NULL,
  -- the fields that differ, clipped, as { fields, more, note }; null where that is not kept
  details json,
  -- what the target holds
  record json,
  remote json,
  PRIMARY KEY (run_id, task, target, id)
);

-- Of a repair or an adoption: the target is asked what it holds before the change is sent, it is sent over what somebody
-- else made, and what the target held is what the change log says was replaced.
ALTER TABLE vocab_sync.outgoing ADD COLUMN looks boolean NOT NULL DEFAULT false;
ALTER TABLE vocab_sync.outgoing ADD COLUMN overwrites boolean NOT NULL DEFAULT false;
ALTER TABLE vocab_sync.outgoing ADD COLUMN held json;
`,
} as const;
