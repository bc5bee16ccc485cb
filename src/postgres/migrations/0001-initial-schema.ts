/**
 * The ledger (jobs, runs, tasks, partitions, rejections, changes, published snapshots) and the vocabularies' schema. The
 * id is the one that existing databases have recorded.
 */
export const initialSchema = {
  id: '0001-main-road',
  sql: `
CREATE SCHEMA IF NOT EXISTS vocabularies;

CREATE TABLE vocab_sync.job (
  id text PRIMARY KEY,
  title text NOT NULL,
  description text,
  active boolean NOT NULL DEFAULT true,
  queue text NOT NULL,
  version integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE vocab_sync.job_version (
  job_id text NOT NULL REFERENCES vocab_sync.job (id) ON DELETE CASCADE,
  version integer NOT NULL,
  config json NOT NULL,
  digest text NOT NULL,
  created_by text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (job_id, version)
);

-- One row per run, never updated after finished_at but by an explicit repair. job_id has no foreign key: history outlives jobs.
CREATE TABLE vocab_sync.run (
  id uuid PRIMARY KEY,
  job_id text NOT NULL,
  job_version integer,
  workflow_id text NOT NULL,
  trigger text NOT NULL,
  mode text NOT NULL,
  title text NOT NULL,
  started_by text,
  since timestamptz,
  since_origin text,
  since_reason text NOT NULL,
  request json NOT NULL,
  config json NOT NULL,
  config_digest text NOT NULL,
  has_input boolean NOT NULL,
  forced boolean NOT NULL,
  phase text NOT NULL,
  outcome text,
  waiting_until timestamptz,
  decision json,
  error json,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz
);
-- The lock of a job: one open run.
CREATE UNIQUE INDEX run_holds_job ON vocab_sync.run (job_id) WHERE finished_at IS NULL;
CREATE INDEX run_by_job ON vocab_sync.run (job_id, started_at DESC);
CREATE INDEX run_by_time ON vocab_sync.run (started_at DESC);

CREATE TABLE vocab_sync.task (
  run_id uuid NOT NULL REFERENCES vocab_sync.run (id) ON DELETE CASCADE,
  name text NOT NULL,
  ordinal integer NOT NULL,
  chain text NOT NULL,
  -- of the chain, the writers and the versions of all components: equal digests publish the same from the same bytes
  digest text NOT NULL,
  source json,
  source_identity text,
  source_digest text,
  outcome text,
  counts json,
  warnings json,
  targets json,
  trips json,
  plan_digest text,
  applied_at timestamptz,
  PRIMARY KEY (run_id, name)
);

-- Unlogged like the stage tables: after a database crash both are empty together, and the run stages again.
CREATE UNLOGGED TABLE vocab_sync.partition (
  run_id uuid NOT NULL,
  task text NOT NULL,
  ordinal integer NOT NULL,
  state text NOT NULL,
  -- what the stage was made from; another pin starts over
  pin text NOT NULL,
  lease uuid NOT NULL,
  cursor json,
  tally json NOT NULL,
  bytes bigint NOT NULL DEFAULT 0,
  total_bytes bigint,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run_id, task, ordinal)
);

CREATE TABLE vocab_sync.rejection (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id uuid NOT NULL,
  task text NOT NULL,
  partition integer,
  target text,
  code text NOT NULL,
  message text NOT NULL,
  origin text NOT NULL,
  record_id text,
  raw text,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX rejection_by_run ON vocab_sync.rejection (run_id, task, partition, id);

CREATE TABLE vocab_sync.change (
  run_id uuid NOT NULL,
  task text NOT NULL,
  target text NOT NULL,
  id text NOT NULL,
  op text NOT NULL,
  -- an insert keeps neither: the record itself, or the 'before' of its next change, says what it was
  before jsonb,
  after jsonb,
  PRIMARY KEY (target, id, run_id)
);
-- Run ids rise with time and a run's changes are written together: a few pages tell where they are.
CREATE INDEX change_by_run ON vocab_sync.change USING brin (run_id) WITH (pages_per_range = 16, autosummarize = on);

-- What a snapshot target (a file) holds: the same shape as a vocabulary table, with the target's name.
CREATE TABLE vocab_sync.published (
  target text NOT NULL,
  id text NOT NULL,
  record json NOT NULL,
  hash bytea NOT NULL,
  source_hash bytea,
  job_id text,
  created_run uuid,
  changed_run uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  changed_at timestamptz NOT NULL DEFAULT now(),
  withdrawn_at timestamptz,
  PRIMARY KEY (target, id)
);
`,
} as const;
