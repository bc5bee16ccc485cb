/**
 * How many records each job has published in each target, and whether anything else wrote there.
 *
 * A run publishes with `vocab_sync.publishing` set to `on` and updates the counts in the same transaction. Any other
 * statement that writes to a target fires `note_edit`, which leaves a row in `target_edit`. The next run then counts
 * the records again. An edit by hand of a record's document also clears its hash, so that the next run that reads the
 * record compares it as changed.
 */
export const targetSizes = {
  id: '0012-target-sizes',
  sql: `
CREATE TABLE vocab_sync.target_size (
  target text NOT NULL,
  job_id text NOT NULL,
  -- the table that was counted; a table that was dropped and created again has another oid
  relation oid NOT NULL,
  -- records of the job that are published and not withdrawn
  published bigint NOT NULL,
  -- something else wrote to the table since it was counted
  stale boolean NOT NULL DEFAULT false,
  -- what an edit by hand removed or overwrote, as a sentence; null when nothing is missing
  damage text,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (target, job_id)
);
CREATE INDEX target_size_by_relation ON vocab_sync.target_size (relation);

CREATE TABLE vocab_sync.target_edit (
  relation oid NOT NULL,
  transaction bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (relation, transaction)
);

-- SECURITY DEFINER: anyone who may write to a vocabulary leaves the row, without rights in vocab_sync.
CREATE FUNCTION vocab_sync.note_edit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF coalesce(current_setting('vocab_sync.publishing', true), '') <> 'on' THEN
    INSERT INTO vocab_sync.target_edit (relation, transaction) VALUES (TG_RELID, txid_current()) ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION vocab_sync.clear_hash() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  NEW.hash := '';
  NEW.source_hash := NULL;
  RETURN NEW;
END $$;

CREATE TRIGGER vocab_sync_edit AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON vocab_sync.published
  FOR EACH STATEMENT EXECUTE FUNCTION vocab_sync.note_edit();
CREATE TRIGGER vocab_sync_hash BEFORE UPDATE ON vocab_sync.published FOR EACH ROW
  WHEN (coalesce(current_setting('vocab_sync.publishing', true), '') <> 'on'
    AND OLD.hash = NEW.hash AND OLD.record::text IS DISTINCT FROM NEW.record::text)
  EXECUTE FUNCTION vocab_sync.clear_hash();
`,
} as const;
