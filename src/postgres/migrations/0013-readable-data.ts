/**
 * What people need to look at the data: a view of the current records of each vocabulary, comments, a function that
 * folds text for searching, and the log of transfers from one job to another.
 */
export const readableData = {
  id: '0013-readable-data',
  sql: String.raw`
-- Lower case, without accents: equal for texts that a person takes for the same. Without an extension, so that it works
-- wherever PostgreSQL does.
CREATE FUNCTION vocab_sync.fold(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $fold$
  SELECT CASE WHEN octet_length(value) = length(value) THEN lower(value)
    ELSE replace(replace(replace(translate(lower(regexp_replace(normalize(value, NFKD), '[\u0300-\u036f]', '', 'g')),
      'øłđðħı', 'olddhi'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe') END
$fold$;

CREATE FUNCTION vocab_sync.describe_vocabulary(vocabulary text) RETURNS void LANGUAGE plpgsql AS $describe$
DECLARE
  view_name text := vocabulary || '_current';
BEGIN
  IF octet_length(view_name) <= 63 AND to_regclass(format('vocabularies.%I', view_name)) IS NULL THEN
    EXECUTE format('CREATE VIEW vocabularies.%I AS SELECT id, record, job_id, created_at, changed_at, changed_run
      FROM vocabularies.%I WHERE withdrawn_at IS NULL', view_name, vocabulary);
    EXECUTE format('COMMENT ON VIEW vocabularies.%I IS %L', view_name,
      'The records of ' || vocabulary || ' that are published and not withdrawn.');
  END IF;
  EXECUTE format('COMMENT ON TABLE vocabularies.%I IS %L', vocabulary,
    'Records that vocab-sync publishes, one row each. ' || view_name || ' leaves out those that were withdrawn.');
  EXECUTE format('COMMENT ON COLUMN vocabularies.%I.id IS %L', vocabulary, 'The identifier of the record.');
  EXECUTE format('COMMENT ON COLUMN vocabularies.%I.record IS %L', vocabulary, 'The record as JSON.');
  EXECUTE format('COMMENT ON COLUMN vocabularies.%I.hash IS %L', vocabulary,
    'SHA-256 of the record. Empty after an edit by hand: the next run compares the record as changed.');
  EXECUTE format('COMMENT ON COLUMN vocabularies.%I.source_hash IS %L', vocabulary,
    'Digest of the bytes that the record was read from; such bytes are not read again.');
  EXECUTE format('COMMENT ON COLUMN vocabularies.%I.job_id IS %L', vocabulary,
    'The job that owns the record. Null: entered by hand, and never changed by a run.');
  EXECUTE format('COMMENT ON COLUMN vocabularies.%I.created_run IS %L', vocabulary, 'The run that inserted the record.');
  EXECUTE format('COMMENT ON COLUMN vocabularies.%I.changed_run IS %L', vocabulary, 'The last run that changed the record.');
  EXECUTE format('COMMENT ON COLUMN vocabularies.%I.created_at IS %L', vocabulary, 'When the record was inserted.');
  EXECUTE format('COMMENT ON COLUMN vocabularies.%I.changed_at IS %L', vocabulary, 'When the record was last changed.');
  EXECUTE format('COMMENT ON COLUMN vocabularies.%I.withdrawn_at IS %L', vocabulary,
    'When the record was withdrawn, because its source no longer holds it. Null while it is published.');
END $describe$;

-- A table of another role is left as it is.
DO $existing$
DECLARE
  found record;
BEGIN
  FOR found IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'vocabularies'::regnamespace AND c.relkind = 'r'
      AND pg_has_role(c.relowner, 'USAGE') AND (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid
        AND a.attname IN ('id', 'record', 'hash', 'source_hash', 'job_id', 'created_run', 'changed_run', 'withdrawn_at')) = 8
  LOOP
    PERFORM vocab_sync.describe_vocabulary(found.relname);
  END LOOP;
END $existing$;

CREATE TABLE vocab_sync.job_transfer (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  from_job text NOT NULL,
  to_job text NOT NULL,
  target text NOT NULL,
  records bigint NOT NULL,
  transferred_by text NOT NULL,
  reason text,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON SCHEMA vocabularies IS 'The published vocabularies: one table each, and a view NAME_current of what is not withdrawn.';
COMMENT ON SCHEMA vocab_sync IS 'The ledger of vocab-sync. Read it, but do not write to it.';
COMMENT ON TABLE vocab_sync.job IS 'The stored jobs.';
COMMENT ON TABLE vocab_sync.job_version IS 'Every version of every job that was stored.';
COMMENT ON TABLE vocab_sync.run IS 'One row for each run: its request, its frozen config, its outcome.';
COMMENT ON TABLE vocab_sync.task IS 'The tasks of the runs: source, counts, warnings, what each target received.';
COMMENT ON TABLE vocab_sync.rejection IS 'Records that were not published, with the reason and their place in the source.';
COMMENT ON TABLE vocab_sync.change IS 'The change log: which run inserted, updated, withdrew or restored which record.';
COMMENT ON TABLE vocab_sync.published IS 'The records of targets that are not tables, such as files.';
COMMENT ON TABLE vocab_sync.watermark_change IS 'What operators set watermarks to.';
COMMENT ON TABLE vocab_sync.target_size IS 'How many records each job has published in each target.';
COMMENT ON TABLE vocab_sync.target_edit IS 'Transactions other than runs that wrote to a target since it was last counted.';
COMMENT ON TABLE vocab_sync.job_transfer IS 'Records that were handed from one job to another.';
`,
} as const;
