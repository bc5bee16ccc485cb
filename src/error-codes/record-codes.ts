/** One record that cannot be used; it becomes a rejection. */
import type { CodeText } from './code-text.ts';

export const RECORD_CODES = {
  E_RECORD_SYNTAX: {
    meaning: 'A record is not well-formed (broken JSON or XML).',
    remedy: 'Report it to the source. The rest of the file was read.',
  },
  E_RECORD_TOO_LARGE: {
    meaning: 'A record is larger than the limit of the reader.',
    remedy:
      'Raise `max_record_bytes` (`max_line_bytes` for jsonl, or the argument in the message for xml) of the reader if the record is genuine.',
  },
  E_RECORD_TOO_DEEP: {
    meaning: 'A record is nested deeper than the limit of the reader.',
    remedy: 'Raise `max_depth` of the reader if the record is genuine.',
  },
  E_RECORD_TRUNCATED: {
    meaning: 'A document that is one record is truncated.',
    remedy: 'Fetch it again: the end is missing. The other documents were read.',
  },
  E_DOCUMENT_UNREADABLE: {
    meaning: 'One document among several (a member of an archive, an object of a bucket) cannot be read to its end.',
    remedy:
      'Report it to the source; the message gives the position. The other documents were read, and the run withdraws nothing.',
  },
  E_XML_NOT_XML: {
    meaning: 'The document is empty or not XML.',
    remedy: 'Check the content of the URL or the archive member.',
  },
  E_XML_NO_ELEMENT: {
    meaning: 'The XML document holds no element of the name that the reader looks for.',
    remedy: 'Correct `root_element`; the error names the root element that is there.',
  },
  E_XML_ENCODING: {
    meaning: 'The bytes of the XML are not in the encoding that it declares, or that encoding is not known.',
    remedy: 'Report it to the source; such text cannot be decoded reliably.',
  },
  E_XML_DOCTYPE: {
    meaning: 'The DOCTYPE of the XML declares entities or defaults, which are never read or expanded.',
    remedy: 'Ask the source for documents without such declarations.',
  },
  E_XML_ENTITY: {
    meaning: 'The XML refers to an entity that XML itself does not define; such entities are never expanded.',
    remedy: 'Report it to the source: the record can be read if it contains the text instead of the entity.',
  },
  E_RECORD_TYPE: {
    meaning: 'A record or one of its fields has the wrong JSON type for the mapping.',
    remedy: 'Inspect it with `vocab-sync rejections RUN`, and report it to the source.',
  },
  E_RECORD_FIELD_MISSING: {
    meaning: 'The record lacks a field that the mapping of the job requires.',
    remedy:
      'If the field may be absent, set "required": false for it in `map`. Otherwise report the record to the source.',
  },
  E_RECORD_NOT_IN_TABLE: {
    meaning: 'A value of the record is not in the look-up table of the mapping.',
    remedy: 'Add it to the table, or set "on_unknown" for such values.',
  },
  E_RECORD_NO_ID: {
    meaning: 'A record has no identifier, or an invalid one.',
    remedy: 'Report it to the source, or map an id in a transformer.',
  },
  E_RECORD_NO_NAME: {
    meaning: 'A record has no name to display.',
    remedy: 'Report it to the source.',
  },
  E_RECORD_FUNDER: {
    meaning: 'The funder of an award is not in the table of the mapping.',
    remedy: 'Add its prefix with its ROR id to `funder_prefixes` of the transformer; the error names the prefix.',
  },
  E_RECORD_TEXT: {
    meaning: 'A text in the record contains a NUL character or half a surrogate pair, which databases cannot store.',
    remedy: 'Report it to the source.',
  },
  E_RECORD_COLUMNS: {
    meaning: 'A row of a table has more or fewer cells than its header.',
    remedy: 'Report it to the source, or correct the `csv_options` of the reader if there are many such rows.',
  },
  E_CELL_INVALID: {
    meaning:
      'A cell of a table contains an error such as #REF!, a formula without its value, or a value that JSON cannot represent.',
    remedy: 'Correct the cell that the message names, or omit its column.',
  },
  E_RECORD_RELATIVE_IRI: {
    meaning: 'A concept is named by a relative IRI, and its document names no base.',
    remedy: 'Give the reader the `base_iri` of the document, or report it to the source.',
  },
  E_RECORD_SCHEMA: {
    meaning: 'The transformed record does not match the record schema of its vocabulary.',
    remedy: 'Correct the mapping, or report the record to the source.',
  },
  E_RECORD_CRASH: {
    meaning: 'A transformer failed on this record with an unexpected error.',
    remedy: 'Report it with the raw record of `vocab-sync rejections RUN`; the other records were read.',
  },
  E_ENTRY_NOT_FOUND: {
    meaning:
      'A rejected entry that is retried is no longer at its position in the source, because the job now reads the source differently.',
    remedy: 'Read the whole source again: `vocab-sync run JOB --force`.',
  },
  E_RECORD_UNAVAILABLE: {
    meaning: 'A record that the source lists could not be fetched from it.',
    remedy: 'See the reason. The next run requests it again. The other records were read.',
  },
  E_RECORD_OWNED: {
    meaning: 'A record with this id in the target belongs to another job or was entered locally.',
    remedy: 'Decide which job owns the id. A job never changes the records of another job.',
  },
  E_TARGET_REFUSED: {
    meaning: 'The target refuses this record; the message quotes the target.',
    remedy:
      'Correct the mapping or the settings of the target. The record is sent again when it changes or with `--force`.',
  },
  E_TARGET_DELETED: {
    meaning: 'The id of this record was deleted in the target, which never accepts it again.',
    remedy: 'Omit the record with a transformer, or ask the operator of the target to remove the tombstone.',
  },
  E_TARGET_REFERENCE: {
    meaning: 'The record refers to records that the target does not have.',
    remedy:
      'Publish the vocabulary that it refers to. The next run of the job sends the record again. Or set `"on_missing_reference": "drop"` in the writer.',
  },
  E_TARGET_EDITED: {
    meaning: 'Someone else changed this record in the target since it was published, so it was not overwritten.',
    remedy: 'Set `"on_conflict": "overwrite"` in the writer to overwrite such changes.',
  },
} as const satisfies Record<string, CodeText>;
