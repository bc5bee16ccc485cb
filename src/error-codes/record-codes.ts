/** One record that cannot be used; it becomes a rejection. */
import type { CodeText } from './code-text.ts';

export const RECORD_CODES = {
  E_RECORD_SYNTAX: {
    meaning: 'A record is not well-formed (broken JSON or XML).',
    remedy: 'Report it to the source; the rest of the file was read.',
  },
  E_RECORD_TOO_LARGE: {
    meaning: 'A record is larger than the limit of the reader.',
    remedy:
      'Raise `max_record_bytes` (`max_line_bytes` of jsonl, or what the message names of xml) of the reader if the record is genuine.',
  },
  E_RECORD_TOO_DEEP: {
    meaning: 'A record is nested deeper than the limit of the reader.',
    remedy: 'Raise `max_depth` of the reader if the record is genuine.',
  },
  E_RECORD_TRUNCATED: {
    meaning: 'The document that is the record ends inside it.',
    remedy: 'Fetch it again: the end is missing. The other documents were read.',
  },
  E_DOCUMENT_UNREADABLE: {
    meaning: 'One document among several (a member of an archive, an object of a bucket) cannot be read to its end.',
    remedy:
      'Report it to the source; the message says where it breaks. The other documents were read, and nothing is withdrawn meanwhile.',
  },
  E_XML_NOT_XML: {
    meaning: 'The document is empty, or something else than XML.',
    remedy: 'Check what the address or the archive member really holds.',
  },
  E_XML_NO_ELEMENT: {
    meaning: 'The XML document holds no element of the name that the reader looks for.',
    remedy: 'Correct `root_element`; the error names the root element that is there.',
  },
  E_XML_ENCODING: {
    meaning: 'The bytes of the XML are not in the encoding that it declares, or that encoding is not known.',
    remedy: 'Report it to the source; text that is not what it says cannot be trusted.',
  },
  E_XML_DOCTYPE: {
    meaning: 'The DOCTYPE of the XML declares entities or defaults, which are never read or expanded.',
    remedy: 'Ask the source for documents without such declarations.',
  },
  E_XML_ENTITY: {
    meaning: 'The XML refers to an entity that XML itself does not define; such entities are never expanded.',
    remedy: 'Report it to the source: the record is readable once it holds the text in place of the entity.',
  },
  E_RECORD_TYPE: {
    meaning: 'A record, or a field of it, has another JSON type than the mapping needs.',
    remedy: 'Report it to the source; look at it with `vocab-sync rejections RUN`.',
  },
  E_RECORD_FIELD_MISSING: {
    meaning: 'A field that the mapping of the job requires is not in the record.',
    remedy: 'Set "required": false for that field of `map` where it may be absent, or report the record to the source.',
  },
  E_RECORD_NOT_IN_TABLE: {
    meaning: 'A value of the record is not in the look-up table of the mapping.',
    remedy: 'Add it to the table, or say with "on_unknown" what becomes of such a value.',
  },
  E_RECORD_NO_ID: {
    meaning: 'A record has no identifier, or one of an unknown form.',
    remedy: 'Report it to the source, or map an id in a transformer.',
  },
  E_RECORD_NO_NAME: {
    meaning: 'A record has no name that could be shown.',
    remedy: 'Report it to the source.',
  },
  E_RECORD_FUNDER: {
    meaning: 'The funder of an award is not in the table of the mapping.',
    remedy: 'Add its prefix with its ROR id to `funder_prefixes` of the transformer; the error names the prefix.',
  },
  E_RECORD_TEXT: {
    meaning: 'A text in the record holds a NUL character or half a surrogate pair, which no database stores.',
    remedy: 'Report it to the source.',
  },
  E_RECORD_COLUMNS: {
    meaning: 'A row of a table has more or fewer cells than its header names.',
    remedy: 'Report it to the source, or correct the `csv_options` of the reader if many rows are concerned.',
  },
  E_RECORD_RELATIVE_IRI: {
    meaning: 'A concept is named by a relative IRI, and its document names no base.',
    remedy: 'Give the reader the `base_iri` of the document, or report it to the source.',
  },
  E_RECORD_SCHEMA: {
    meaning: 'The transformed record does not fit the record schema of its vocabulary.',
    remedy: 'Correct the mapping, or report the record to the source.',
  },
  E_RECORD_CRASH: {
    meaning: 'A transformer failed on this record in a way that it did not foresee.',
    remedy: 'Report it with the raw record of `vocab-sync rejections RUN`; the other records were read.',
  },
  E_ENTRY_NOT_FOUND: {
    meaning:
      'A rejected entry that is retried is not at its place in the source any more, because the job reads it otherwise today.',
    remedy: 'Read the whole source again: `vocab-sync run JOB --force`.',
  },
  E_RECORD_UNAVAILABLE: {
    meaning: 'A record that the source lists could not be fetched from it.',
    remedy: 'Look at the reason; the next run asks for it again. The other records were read.',
  },
  E_RECORD_OWNED: {
    meaning: 'A record with this id in the target belongs to another job or was entered locally.',
    remedy: 'Decide which job owns the id; records of others are never touched.',
  },
  E_TARGET_REFUSED: {
    meaning: 'The target does not take this record; the message quotes its own words.',
    remedy:
      'Correct the mapping or the settings of the target. The record is sent again when it changes or with `--force`.',
  },
  E_TARGET_DELETED: {
    meaning: 'The id of this record was deleted in the target, which never takes it again.',
    remedy: 'Leave the record out with a transformer, or have the tombstone removed from the target by its operator.',
  },
  E_TARGET_REFERENCE: {
    meaning: 'The record refers to records that the target does not hold.',
    remedy:
      'Publish the vocabulary that it refers to first, then run the job with `--force`, or set `"on_missing_reference": "drop"` in the writer.',
  },
  E_TARGET_EDITED: {
    meaning: 'Somebody else changed this record in the target since it was published, so it was left as it is.',
    remedy: 'Set `"on_conflict": "overwrite"` in the writer to publish over such changes.',
  },
} as const satisfies Record<string, CodeText>;
