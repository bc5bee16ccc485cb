/** Why a start was skipped, who cancelled a run, and what read the source of a task. */
export const skippedAndReaders = {
  id: '0014-skipped-and-readers',
  sql: `
-- Of a skipped start: the run that held the job, as {"run", "workflow_id", "phase"}; or the reason where no run did.
ALTER TABLE vocab_sync.run ADD COLUMN held_by json;
ALTER TABLE vocab_sync.run ADD COLUMN skipped_because text;
ALTER TABLE vocab_sync.run ADD COLUMN cancelled_by text;

-- The types of the readers, in order. Null: from before it was kept; the chain then begins with them.
ALTER TABLE vocab_sync.task ADD COLUMN readers json;
`,
} as const;
