/** Adds the sent notices of a run, and the reasons why a notice was not delivered. */
export const notices = {
  id: '0007-notices',
  sql: `
CREATE TABLE vocab_sync.notice (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id uuid NOT NULL,
  event text NOT NULL,
  -- what the event is about where a run has several of a kind: the plan that waits
  about text NOT NULL,
  -- the place in the job's list of channels, from 0, and its type
  channel smallint NOT NULL,
  channel_type text NOT NULL,
  sent_at timestamptz,
  -- of the last attempt, while it is not sent
  failure json,
  UNIQUE (run_id, event, about, channel)
);
`,
} as const;
