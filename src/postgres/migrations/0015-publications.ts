/** Adds the unsent changes and the state of each target outside this database. */
export const publications = {
  id: '0015-publications',
  sql: `
-- What the target told of the record last: a revision, an ETag, a version.
ALTER TABLE vocab_sync.published ADD COLUMN remote json;

CREATE TABLE vocab_sync.publication (
  run_id uuid NOT NULL REFERENCES vocab_sync.run (id) ON DELETE CASCADE,
  task text NOT NULL,
  target text NOT NULL,
  -- open, done, failed, stopped
  state text NOT NULL DEFAULT 'open',
  -- the changes that were planned
  total bigint NOT NULL,
  -- of these, how many the target has given its last word on
  answered bigint NOT NULL DEFAULT 0,
  -- what became of them so far, as TargetCounts
  counts json NOT NULL,
  -- the attempt that publishes; another one takes over by drawing its own
  lease uuid,
  error json,
  started_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  PRIMARY KEY (run_id, task, target)
);

-- The plan of such a target, frozen when it was approved. A row is removed when the target has answered for it, so what
-- is left is always a part of what was approved.
CREATE TABLE vocab_sync.outgoing (
  run_id uuid NOT NULL,
  task text NOT NULL,
  target text NOT NULL,
  id text NOT NULL,
  op text NOT NULL,
  -- the record as it is to be; of a withdrawal the one that was published last
  record json NOT NULL,
  bytes integer NOT NULL,
  before_hash bytea,
  hash bytea,
  source_hash bytea,
  -- of a rollback: the run that had made what is put back
  after_run uuid,
  -- an attempt has begun to send it and has not said what became of it
  under_way boolean NOT NULL DEFAULT false,
  tries integer NOT NULL DEFAULT 0,
  PRIMARY KEY (run_id, task, target, id)
);
CREATE INDEX outgoing_in_order ON vocab_sync.outgoing (run_id, task, target, tries, id);
`,
} as const;
