/** What decides, apart from the texts for people: the job of a run as it was checked, which rollback holds a watermark, which references are missing. */
export const frozenJob = {
  id: '0019-frozen-job',
  additive: true,
  sql: `
-- Normalised, as {"$schema", "value"}; see frozen-job-schema.ts. Null for a run of a release before: its config is read.
ALTER TABLE vocab_sync.run ADD COLUMN job json;

-- The rollback that set watermark_hold, which is a text for people.
ALTER TABLE vocab_sync.run ADD COLUMN held_by_rollback uuid;
UPDATE vocab_sync.run SET held_by_rollback = rolled_back_by
WHERE rolled_back_by IS NOT NULL AND watermark_hold = 'run ' || rolled_back_by || ' rolled it back';

-- Of a record that a target rejected: the members that refer to what the target does not hold.
ALTER TABLE vocab_sync.rejection ADD COLUMN unresolved text[];

-- An older program may work with a database if all newer migrations only add to it.
ALTER TABLE vocab_sync.migration ADD COLUMN additive boolean NOT NULL DEFAULT false;
`,
} as const;
