/** Keeps the warnings of a fetch apart from those of a plan, so that a second plan of the same run does not count them twice. */
export const fetchWarnings = {
  id: '0020-fetch-warnings',
  additive: true,
  sql: `
-- Of the reader while it found and fetched the source, and of the targets before it was read. By code: {"count", "samples"}.
ALTER TABLE vocab_sync.task ADD COLUMN fetch_warnings json;

-- A task without a plan has no other warnings yet.
UPDATE vocab_sync.task SET fetch_warnings = warnings WHERE counts IS NULL AND warnings IS NOT NULL;
`,
} as const;
