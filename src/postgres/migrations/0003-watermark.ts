/** What operators set the watermark to, and which runs never move it. */
export const watermark = {
  id: '0003-watermark',
  sql: `
CREATE TABLE vocab_sync.watermark_change (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id text NOT NULL,
  -- null: cleared, the next run reads everything
  since timestamptz,
  changed_by text NOT NULL,
  reason text,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX watermark_change_by_job ON vocab_sync.watermark_change (job_id, id DESC);

-- Why the run leaves the watermark alone even when it succeeds, as a sentence; null where it moves it.
ALTER TABLE vocab_sync.run ADD COLUMN watermark_hold text;
UPDATE vocab_sync.run SET watermark_hold = CASE WHEN has_input THEN 'it read a file given with --input' ELSE 'it was a plan' END
  WHERE has_input OR mode = 'plan';
CREATE INDEX run_moves_watermark ON vocab_sync.run (job_id, started_at DESC)
  WHERE watermark_hold IS NULL AND outcome IN ('success', 'unchanged', 'partial');
`,
} as const;
