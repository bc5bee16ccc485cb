/** Finds published records by their ids, names and titles, without regard to accents and case. */
import { ConfigError } from '../errors.ts';
import { inTransaction, type Pool, type PoolClient } from './pool.ts';
import { quoteIdentifier } from './sql-identifier.ts';

interface FoundRecord {
  readonly id: string;
  /** The first of its names and titles. */
  readonly name: string;
  readonly job: string | null;
  readonly changed_at: string;
  readonly record: unknown;
}

export interface SearchResult {
  readonly vocabulary: string;
  readonly records: readonly FoundRecord[];
  /** Whether there are more results than the limit. */
  readonly more: boolean;
}

/**
 * The fields in which people search for a record in the shipped vocabularies. Values of other types are searched as
 * JSON.
 */
const FIELDS = ['name', 'title', 'acronym', 'aliases', 'subject', 'given_name', 'family_name', 'number', 'identifiers'];
const TIMEOUT = '30s';

/**
 * The best first: the id itself, a name that is the text, a name that begins with it, any other. Throws ConfigError
 * E_VOCABULARY_NOT_FOUND.
 */
export async function searchVocabulary(
  pool: Pool,
  vocabulary: string,
  text: string,
  limit: number,
): Promise<SearchResult> {
  return inTransaction(pool, async (client) => {
    await client.query(`SET LOCAL statement_timeout = '${TIMEOUT}'`);
    const table = await requireTable(client, vocabulary);
    const { rows } = await client.query<Omit<FoundRecord, 'changed_at'> & { changed_at: Date }>(
      `WITH wanted AS (SELECT vocab_sync.fold($1) AS text, '%' || replace(replace(replace(vocab_sync.fold($1), '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%' AS pattern),
       found AS (
         SELECT t.id, t.job_id, t.changed_at, t.record, vocab_sync.fold(${nameOf('t')}) AS folded
         FROM vocabularies.${quoteIdentifier(table)} t, wanted
         WHERE t.withdrawn_at IS NULL
           AND vocab_sync.fold(concat_ws(' ', t.id, ${FIELDS.map((field) => `t.record ->> '${field}'`).join(', ')})) LIKE wanted.pattern
       )
       SELECT id, ${nameOf('found')} AS name, job_id AS job, changed_at, record FROM found, wanted
       ORDER BY id = $1 DESC, folded = text DESC, starts_with(folded, text) DESC, folded, id LIMIT $2 + 1`,
      [text, limit],
    );
    return {
      vocabulary: table,
      records: rows.slice(0, limit).map((row) => ({ ...row, changed_at: row.changed_at.toISOString() })),
      more: rows.length > limit,
    };
  });
}

/** A title may be an object with a text for each language; the English text is shown if there is one. */
function nameOf(row: string): string {
  const record = `${row}.record`;
  return `coalesce(${record} ->> 'name', ${record} #>> '{title,en}',
    CASE WHEN jsonb_typeof(${record} -> 'title') = 'object' THEN (SELECT value FROM jsonb_each_text(${record} -> 'title') LIMIT 1) ELSE ${record} ->> 'title' END,
    ${record} ->> 'subject', ${row}.id)`;
}

async function requireTable(client: PoolClient, vocabulary: string): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'withdrawn_at'
     WHERE c.relnamespace = 'vocabularies'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1`,
  );
  const names = rows.map(({ name }) => name);
  const found =
    names.find((name) => name === vocabulary) ?? names.find((name) => name === vocabulary.replaceAll('-', '_'));
  if (found !== undefined) return found;
  throw new ConfigError(
    'E_VOCABULARY_NOT_FOUND',
    `Expected a vocabulary in the database, found none named "${vocabulary}". There ${names.length === 0 ? 'is none yet: run a job first' : `are ${names.join(', ')}`}.`,
    { details: { vocabulary } },
  );
}
