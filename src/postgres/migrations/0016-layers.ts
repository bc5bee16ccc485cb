/**
 * Adds jobs that own parts of the records of other jobs. The parts of each job are kept in `published`, in addition to
 * the target.
 */
export const layers = {
  id: '0016-layers',
  sql: `
CREATE TABLE vocab_sync.layer (
  target text NOT NULL,
  name text NOT NULL,
  job_id text NOT NULL,
  -- the places that it owns, as a list of texts
  owns json NOT NULL,
  -- the job that a file of the target says it is from; the same for all layers of the target
  file_job text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (target, name)
);
`,
} as const;
