/**
 * The register of error codes: kind, meaning, remedy. It feeds the types, `vocab-sync` output and
 * docs/reference/errors.md. A code is never renamed; one that is no longer thrown is removed with a CHANGELOG line.
 */

export type ErrorKind = 'config' | 'record' | 'unavailable' | 'source' | 'limit' | 'internal';

export interface ErrorCodeEntry {
  readonly kind: ErrorKind;
  /** What happened, in one sentence. */
  readonly meaning: string;
  /** What the operator does about it, in one sentence. */
  readonly remedy: string;
}

export const ERROR_CODES = {
  // Job files, arguments, settings
  E_USAGE: {
    kind: 'config',
    meaning: 'The words of the command are not those that it takes.',
    remedy: 'Look at `vocab-sync COMMAND --help`.',
  },
  E_JOB_NOT_FOUND: {
    kind: 'config',
    meaning: 'No job file or stored job has this name.',
    remedy:
      'Use the path of a job file, or a name from `vocab-sync check` (files) or `vocab-sync job list` (stored jobs).',
  },
  E_JOB_INVALID: {
    kind: 'config',
    meaning: 'The job file does not fit the job schema, or its components do not fit together.',
    remedy: 'Run `vocab-sync check FILE`: it names every problem with its JSON pointer and line.',
  },
  E_JOB_CHANGED: {
    kind: 'config',
    meaning: 'Somebody else stored a version of the job between the look at it and the attempt to store another.',
    remedy:
      'See what they changed with `vocab-sync job versions JOB --diff`, bring it into your file, and apply again.',
  },
  E_SCHEDULE_STATE: {
    kind: 'config',
    meaning: 'The schedule of the job is not in a state in which this can be done, or is not one of vocab-sync.',
    remedy: 'Look at `vocab-sync schedule JOB`; `vocab-sync apply` makes the schedule of a stored job again.',
  },
  E_SCHEDULE_REFUSED: {
    kind: 'config',
    meaning: 'Temporal does not take the schedule of a job: it knows another set of time zones, or has other limits.',
    remedy: 'Correct the schedule in the job file as the message says, and apply it again; the job itself is stored.',
  },
  E_NOT_CONFIRMED: {
    kind: 'config',
    meaning: 'A command that takes something away was not confirmed.',
    remedy: 'Type the name that is asked for, or give --yes.',
  },
  E_ARGUMENTS_INVALID: {
    kind: 'config',
    meaning: 'The arguments of a run are not those that its job declares.',
    remedy: 'Correct the named `--arg`; `vocab-sync types JOB` shows what the job takes, `run --explain` what it gets.',
  },
  E_CUSTOM_ARGS_INVALID: {
    kind: 'config',
    meaning: 'The custom args are not a JSON object that can be laid over this job.',
    remedy: 'Correct the JSON; `run --explain` shows the effective config without starting anything.',
  },
  E_SINCE_INVALID: {
    kind: 'config',
    meaning: 'The value of `since` is not a time in a form that is understood.',
    remedy: 'Use YYYY-MM-DD HH:mm, ISO 8601, a date, a span such as P2D or "2 days", or `none`.',
  },
  E_SETTINGS_INVALID: {
    kind: 'config',
    meaning: 'An environment variable or .env entry has an unusable value.',
    remedy: 'Correct the named setting; `vocab-sync doctor` shows what is in force and from where.',
  },
  E_SECRET_NOT_FOUND: {
    kind: 'config',
    meaning: 'A `$secret` reference names an environment variable or file that is not there.',
    remedy: 'Set the variable or create the file on the machine of the worker.',
  },
  E_NOTICE_REFUSED: {
    kind: 'config',
    meaning: 'A chat, a program or a mail server does not take the notices of the job, or no mail server is set.',
    remedy: 'Correct the address where the worker runs, then try it with `vocab-sync notify JOB`.',
  },
  E_NOTICE_UNAVAILABLE: {
    kind: 'unavailable',
    meaning: 'A chat, a program or a mail server that is to be told of a run cannot be reached.',
    remedy: 'Nothing: it is tried again for a day. `vocab-sync notify JOB` tries it now.',
  },
  E_FILE_NOT_FOUND: {
    kind: 'config',
    meaning: 'A file that the job or the command names is not there, or cannot be read or written.',
    remedy: 'Check the path and its permissions on the machine where the worker runs.',
  },
  E_ARCHIVE_NO_MATCH: {
    kind: 'config',
    meaning: 'No member of the archive matches the `regex` of the reader.',
    remedy: 'Change `regex`; the error lists the members that are there.',
  },
  E_HOST_NOT_ALLOWED: {
    kind: 'config',
    meaning: 'The URL leads to a host outside VOCAB_SYNC_ALLOWED_HOSTS or uses another protocol than http(s).',
    remedy: 'Correct the URL, or add the host to the setting.',
  },
  E_URL_INVALID: {
    kind: 'config',
    meaning: 'An address is not an http(s) URL, or carries a user name and password.',
    remedy: 'Correct the address; credentials never belong into a URL.',
  },
  E_SCHEMA_INVALID: {
    kind: 'config',
    meaning: 'The file of a record schema holds no JSON Schema that can be used.',
    remedy: 'Correct the file: JSON Schema draft 7, patterns in RE2 syntax, no references to other files.',
  },
  E_OAI_REFUSED: {
    kind: 'config',
    meaning: 'The OAI-PMH server refuses what is asked of it: an unknown format, set or date.',
    remedy: 'Correct "metadata_prefix", "set" or the dates; the error names what the server said.',
  },
  E_TABLE_INVALID: {
    kind: 'config',
    meaning:
      'The file of a look-up table is neither a JSON object nor a CSV file of two columns, or contradicts itself.',
    remedy: 'Correct the file at the place that the error names.',
  },
  E_SPARQL_REFUSED: {
    kind: 'config',
    meaning: 'The SPARQL service answers that the query is wrong.',
    remedy: 'Correct the `query` of the reader; the error says what the service found.',
  },
  E_ROR_SCHEMA_V1: {
    kind: 'config',
    meaning: 'The member of the dump that was chosen holds ROR schema v1, the mapping reads v2.',
    remedy: 'Choose the member that the error names, for example with "regex": "_schema_v2\\\\.json$".',
  },
  E_TARGET_CONFLICT: {
    kind: 'config',
    meaning: 'The table or file of a writer exists and is not one that vocab-sync made.',
    remedy: 'Choose another table or path in the job, or move the existing one away.',
  },
  E_RUN_NOT_FOUND: {
    kind: 'config',
    meaning: 'No run has this id or prefix, or several have it.',
    remedy: 'Use an id from `vocab-sync runs`, a longer prefix, or JOB@latest.',
  },
  E_RUN_STATE: {
    kind: 'config',
    meaning: 'The run is not in a state in which this can be done.',
    remedy: 'Look at `vocab-sync show RUN` and choose what fits its state.',
  },
  E_ROLLBACK_REFUSED: {
    kind: 'config',
    meaning:
      'What the run changed cannot be undone: it changed nothing, was undone before, or what it replaced is not kept.',
    remedy:
      'Look at `vocab-sync show RUN` and `vocab-sync runs JOB`; a run of the job brings its targets up to date with the source.',
  },
  E_RETRY_REFUSED: {
    kind: 'config',
    meaning:
      'What the run rejected cannot be retried: it rejected nothing, a later run published, or its source cannot be read as it was.',
    remedy: 'Retry the run that the error names, or read the whole source again: `vocab-sync run JOB --force`.',
  },
  E_RECORD_NOT_FOUND: {
    kind: 'config',
    meaning: 'No change of this record is kept in this vocabulary.',
    remedy:
      'Check the id and the name of the vocabulary; `vocab-sync changes RUN` shows both. Old changes may have been pruned.',
  },
  E_ROLLBACK_CONFLICT: {
    kind: 'config',
    meaning: 'Later runs changed records that the run to be undone had changed too.',
    remedy: 'Roll the later runs back first, newest first, or leave these records as they are with `--force`.',
  },

  E_EMBEDDED_UNSUPPORTED: {
    kind: 'config',
    meaning: 'The embedded PostgreSQL cannot run on this machine.',
    remedy: 'Set DATABASE_URL to a PostgreSQL of your own, or do what the error names.',
  },
  E_TEMPORAL_CLI_NOT_FOUND: {
    kind: 'config',
    meaning: 'The Temporal CLI, which holds the dev server, was not found and could not be installed.',
    remedy: 'Install it and set TEMPORAL_CLI_PATH, or set TEMPORAL_ADDRESS to a Temporal server of your own.',
  },

  // Records
  E_RECORD_SYNTAX: {
    kind: 'record',
    meaning: 'A record is not well-formed (broken JSON or XML).',
    remedy: 'Report it to the source; the rest of the file was read.',
  },
  E_RECORD_TOO_LARGE: {
    kind: 'record',
    meaning: 'A record is larger than the limit of the reader.',
    remedy:
      'Raise `max_record_bytes` (`max_line_bytes` of jsonl, or what the message names of xml) of the reader if the record is genuine.',
  },
  E_RECORD_TOO_DEEP: {
    kind: 'record',
    meaning: 'A record is nested deeper than the limit of the reader.',
    remedy: 'Raise `max_depth` of the reader if the record is genuine.',
  },
  E_RECORD_TRUNCATED: {
    kind: 'record',
    meaning: 'The document that is the record ends inside it.',
    remedy: 'Fetch it again: the end is missing. The other documents were read.',
  },
  E_XML_NOT_XML: {
    kind: 'record',
    meaning: 'The document is empty, or something else than XML.',
    remedy: 'Check what the address or the archive member really holds.',
  },
  E_XML_NO_ELEMENT: {
    kind: 'record',
    meaning: 'The XML document holds no element of the name that the reader looks for.',
    remedy: 'Correct `root_element`; the error names the root element that is there.',
  },
  E_XML_ENCODING: {
    kind: 'record',
    meaning: 'The bytes of the XML are not in the encoding that it declares, or that encoding is not known.',
    remedy: 'Report it to the source; text that is not what it says cannot be trusted.',
  },
  E_XML_DOCTYPE: {
    kind: 'record',
    meaning: 'The DOCTYPE of the XML declares entities or defaults, which are never read or expanded.',
    remedy: 'Ask the source for documents without such declarations.',
  },
  E_XML_ENTITY: {
    kind: 'record',
    meaning: 'The XML refers to an entity that XML itself does not define; such entities are never expanded.',
    remedy: 'Report it to the source: the record is readable once it holds the text in place of the entity.',
  },
  E_RECORD_TYPE: {
    kind: 'record',
    meaning: 'A record, or a field of it, has another JSON type than the mapping needs.',
    remedy: 'Report it to the source; look at it with `vocab-sync rejections RUN`.',
  },
  E_RECORD_FIELD_MISSING: {
    kind: 'record',
    meaning: 'A field that the mapping of the job requires is not in the record.',
    remedy: 'Set "required": false for that field of `map` where it may be absent, or report the record to the source.',
  },
  E_RECORD_NOT_IN_TABLE: {
    kind: 'record',
    meaning: 'A value of the record is not in the look-up table of the mapping.',
    remedy: 'Add it to the table, or say with "on_unknown" what becomes of such a value.',
  },
  E_RECORD_NO_ID: {
    kind: 'record',
    meaning: 'A record has no identifier, or one of an unknown form.',
    remedy: 'Report it to the source, or map an id in a transformer.',
  },
  E_RECORD_NO_NAME: {
    kind: 'record',
    meaning: 'A record has no name that could be shown.',
    remedy: 'Report it to the source.',
  },
  E_RECORD_FUNDER: {
    kind: 'record',
    meaning: 'The funder of an award is not in the table of the mapping.',
    remedy: 'Add its prefix with its ROR id to `funder_prefixes` of the transformer; the error names the prefix.',
  },
  E_RECORD_TEXT: {
    kind: 'record',
    meaning: 'A text in the record holds a NUL character or half a surrogate pair, which no database stores.',
    remedy: 'Report it to the source.',
  },
  E_RECORD_COLUMNS: {
    kind: 'record',
    meaning: 'A row of a table has more or fewer cells than its header names.',
    remedy: 'Report it to the source, or correct the `csv_options` of the reader if many rows are concerned.',
  },
  E_RECORD_RELATIVE_IRI: {
    kind: 'record',
    meaning: 'A concept is named by a relative IRI, and its document names no base.',
    remedy: 'Give the reader the `base_iri` of the document, or report it to the source.',
  },
  E_RECORD_SCHEMA: {
    kind: 'record',
    meaning: 'The transformed record does not fit the record schema of its vocabulary.',
    remedy: 'Correct the mapping, or report the record to the source.',
  },
  E_RECORD_CRASH: {
    kind: 'record',
    meaning: 'A transformer failed on this record in a way that it did not foresee.',
    remedy: 'Report it with the raw record of `vocab-sync rejections RUN`; the other records were read.',
  },
  E_ENTRY_NOT_FOUND: {
    kind: 'record',
    meaning:
      'A rejected entry that is retried is not at its place in the source any more, because the job reads it otherwise today.',
    remedy: 'Read the whole source again: `vocab-sync run JOB --force`.',
  },
  E_RECORD_UNAVAILABLE: {
    kind: 'record',
    meaning: 'A record that the source lists could not be fetched from it.',
    remedy: 'Look at the reason; the next run asks for it again. The other records were read.',
  },
  E_RECORD_OWNED: {
    kind: 'record',
    meaning: 'A record with this id in the target belongs to another job or was entered locally.',
    remedy: 'Decide which job owns the id; records of others are never touched.',
  },

  // Things that are away
  E_SOURCE_UNAVAILABLE: {
    kind: 'unavailable',
    meaning: 'The server of the source cannot be reached, or answers with a passing error.',
    remedy: 'A run tries again by itself. If it lasts, look at the status page of the source.',
  },
  E_SOURCE_RATE_LIMITED: {
    kind: 'unavailable',
    meaning: 'The server of the source asks to come back later.',
    remedy: 'Nothing: the run waits as long as it was asked to.',
  },
  E_DATABASE_UNAVAILABLE: {
    kind: 'unavailable',
    meaning: 'PostgreSQL cannot be reached or ended the connection.',
    remedy: 'Start the database or check DATABASE_URL; a run under way goes on by itself.',
  },
  E_TEMPORAL_UNAVAILABLE: {
    kind: 'unavailable',
    meaning: 'The Temporal server cannot be reached.',
    remedy: 'Start it or check TEMPORAL_ADDRESS; `vocab-sync doctor` tells more.',
  },
  E_NO_WORKER: {
    kind: 'unavailable',
    meaning: 'No worker polls the task queue of the run.',
    remedy: 'Start `vocab-sync worker`, or name the right queue.',
  },
  E_LEASE_LOST: {
    kind: 'unavailable',
    meaning: 'Another attempt took over this work, so this one wrote nothing more.',
    remedy: 'Nothing: the newer attempt goes on from the last checkpoint.',
  },
  E_STAGE_LOST: {
    kind: 'unavailable',
    meaning: 'The database lost the stage of the run in a crash.',
    remedy: 'Nothing: the run stages again from its source.',
  },
  E_EMBEDDED_START: {
    kind: 'unavailable',
    meaning: 'A server of the embedded default did not start or ended at once.',
    remedy: 'Read the log that the error names; another program may hold its port or its directory.',
  },
  E_HOME_BUSY: {
    kind: 'unavailable',
    meaning: 'Another vocab-sync command is starting or stopping the servers of this home and does not come to an end.',
    remedy: 'End that command (the error names its pid), or use another VOCAB_SYNC_HOME.',
  },
  E_STEP_STALLED: {
    kind: 'unavailable',
    meaning: 'A step of the run told nothing for hours and was given up.',
    remedy: 'Nothing: it is tried again. If it repeats, look at what the database or the source is doing.',
  },
  E_DISK_FULL: {
    kind: 'unavailable',
    meaning: 'The disk of the spool or of the target is full.',
    remedy: 'Free space; a download or a file of a run goes on where it stopped, a command is given again.',
  },

  // The source is not what it claims
  E_SOURCE_NOT_FOUND: {
    kind: 'source',
    meaning: 'The server of the source answers that this address does not exist or is forbidden.',
    remedy: 'Check the address in the job; the source may have moved.',
  },
  E_SOURCE_UNEXPECTED: {
    kind: 'source',
    meaning: 'The source answered with something else than was expected, such as an HTML page in place of a dump.',
    remedy: 'Open the address in a browser: it may be a login or an error page.',
  },
  E_SOURCE_AMBIGUOUS: {
    kind: 'source',
    meaning: 'The source offers several files where exactly one was expected, or none.',
    remedy: 'Look at the record of the source; name the file with `--input` meanwhile.',
  },
  E_SOURCE_DIGEST: {
    kind: 'source',
    meaning: 'The downloaded bytes do not have the size or the digest that the source announced.',
    remedy: 'Run again; if it stays, report it to the source.',
  },
  E_SOURCE_CHANGED: {
    kind: 'source',
    meaning: 'The source changed while it was read.',
    remedy: 'Run again when it is no longer being written.',
  },
  E_SOURCE_EMPTY: {
    kind: 'source',
    meaning: 'The source holds no records.',
    remedy: 'Check the source; where an empty source is right, set "guards": {"allow_empty": true}.',
  },
  E_ZIP_NO_CENTRAL_DIRECTORY: {
    kind: 'source',
    meaning: 'The file is not a zip, or its end with the central directory is missing.',
    remedy: 'Download it again: it is truncated, or an error page was saved under its name.',
  },
  E_ZIP_CORRUPT: {
    kind: 'source',
    meaning: 'The zip is damaged, or a member does not have the size or checksum that the directory declares.',
    remedy: 'Download it again, or report it to the source.',
  },
  E_ZIP_UNSUPPORTED: {
    kind: 'source',
    meaning: 'A member of the zip is encrypted or uses another compression than stored and deflate.',
    remedy: 'Repack the archive.',
  },
  E_TAR_CORRUPT: {
    kind: 'source',
    meaning: 'The file is not a tar, plain or in gzip, or a header in it is damaged.',
    remedy: 'Download it again, or report it to the source; the error says at which byte.',
  },
  E_TAR_TRUNCATED: {
    kind: 'source',
    meaning: 'The tar ends inside a member, or without the mark that ends a tar.',
    remedy: 'Download it again: the end is missing. Nothing of it was published.',
  },
  E_TAR_UNSUPPORTED: {
    kind: 'source',
    meaning: 'A member of the tar that was selected is sparse.',
    remedy: 'Choose other members by `regex`, or repack the archive with `tar` without `--sparse`.',
  },
  E_ARCHIVE_ENTRY_NAME: {
    kind: 'source',
    meaning: 'The archive holds a member whose name leaves the archive (`../`, absolute, backslash).',
    remedy: 'Do not use this archive; report it to the source.',
  },
  E_OAI_ANSWER: {
    kind: 'source',
    meaning: 'An answer of the OAI-PMH server is XML that cannot be read.',
    remedy: 'Report it to the repository. With "verb": "ListIdentifiers" each record is fetched by itself.',
  },
  E_OAI_TOKEN_REPEATED: {
    kind: 'source',
    meaning: 'The OAI-PMH server gave a resumption token a second time, so that its list would never end.',
    remedy: 'Report it to the repository; harvest set by set meanwhile.',
  },
  E_OAI_TOKEN_REFUSED: {
    kind: 'source',
    meaning: 'The OAI-PMH server refused the resumption token of its own list, each time that the list began anew.',
    remedy: 'Harvest a smaller set or a shorter time, so that the list ends before its tokens expire.',
  },
  E_GZIP_CORRUPT: {
    kind: 'source',
    meaning: 'The gzip stream is damaged, truncated, or not gzip at all.',
    remedy: 'Download it again, or report it to the source.',
  },
  E_JSON_NOT_JSON: {
    kind: 'source',
    meaning: 'The resource does not begin with a JSON array or object.',
    remedy: 'Check what the address or the archive member really holds.',
  },
  E_JSON_TRUNCATED: {
    kind: 'source',
    meaning: 'The JSON ends before its array is closed.',
    remedy: 'Download it again: the end is missing. Nothing of it was published.',
  },
  E_JSON_STRUCTURE: {
    kind: 'source',
    meaning: 'The JSON is broken in a way that leaves no safe place to read on.',
    remedy: 'Report it to the source; the error says at which byte.',
  },

  E_RDF_NOT_RDF: {
    kind: 'source',
    meaning: 'The resource is not RDF/XML, Turtle or N-Triples.',
    remedy: 'Check what the address or the archive member really holds, or name the `format` of the reader.',
  },
  E_RDF_SYNTAX: {
    kind: 'source',
    meaning: 'The RDF document is broken or truncated, in a way that leaves no safe place to read on.',
    remedy: 'Download it again, or report it to the source; the error says in which line.',
  },
  E_YAML_STRUCTURE: {
    kind: 'source',
    meaning: 'The YAML is not a list at its top, or is broken in a way that leaves no safe place to read on.',
    remedy: 'Check what the address or the file really holds; the error says in which line.',
  },
  E_CSV_STRUCTURE: {
    kind: 'source',
    meaning: 'The resource is not a table of text, or its first line does not name the columns.',
    remedy: 'Check what the file really holds, its encoding, and the `csv_options` of the reader.',
  },
  E_SPARQL_RESULTS: {
    kind: 'source',
    meaning: 'The answer of the SPARQL service is not a whole document of SPARQL 1.1 JSON results.',
    remedy: 'Run again; if it stays, ask the service for the query of the job and look at its answer.',
  },
  E_XML_TRUNCATED: {
    kind: 'source',
    meaning: 'The XML ends before its root element is closed, behind records that were read.',
    remedy: 'Download it again: the end is missing. Nothing of it was published.',
  },
  E_XML_STRUCTURE: {
    kind: 'source',
    meaning: 'The XML is broken between its records, so that what follows cannot be told apart.',
    remedy: 'Report it to the source; the error says at which byte.',
  },

  // Budgets and guards
  E_ARCHIVE_RATIO: {
    kind: 'limit',
    meaning: 'A member of the archive unpacks to implausibly many times its packed size.',
    remedy: 'Raise `max_ratio` of the reader only for a source that you trust.',
  },
  E_ARCHIVE_ENTRIES: {
    kind: 'limit',
    meaning: 'The archive has more members than the limit.',
    remedy: 'Raise `max_entries` of the reader only for a source that you trust.',
  },
  E_RDF_TOO_LARGE: {
    kind: 'limit',
    meaning: 'The concepts of an RDF document, or a single statement of it, are larger than the limit.',
    remedy: 'Raise `max_held_bytes` or `max_statement_bytes` of the reader only for a source that you trust.',
  },
  E_ARCHIVE_SIZE: {
    kind: 'limit',
    meaning: 'A member of the archive is larger than the limit.',
    remedy: 'Raise `max_entry_bytes` of the reader only for a source that you trust.',
  },
  E_SOURCE_TOO_LARGE: {
    kind: 'limit',
    meaning: 'A download or stream is larger than the limit.',
    remedy: 'Raise `max_bytes` of the reader only for a source that you trust.',
  },
  E_STEP_TIMEOUT: {
    kind: 'limit',
    meaning: 'A step of the run did not end within its time, all its attempts together.',
    remedy: 'Look at the last failure that the error names, mend it, and run again.',
  },

  // Bugs
  E_CONSERVATION: {
    kind: 'internal',
    meaning: 'The counts of a run do not add up.',
    remedy: 'Nothing was published. Please report it with the output of `vocab-sync show RUN --json`.',
  },
  E_TARGET_CHANGED: {
    kind: 'internal',
    meaning: 'The target changed between the plan and its publication.',
    remedy: 'Nothing was published. Run again; check who else writes into the table.',
  },
  E_INTERNAL: {
    kind: 'internal',
    meaning: 'Something happened that the code takes for impossible.',
    remedy: 'Please report it with the details of the error.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The codes of one kind. */
export type CodeOf<K extends ErrorKind> = {
  [C in ErrorCode]: (typeof ERROR_CODES)[C]['kind'] extends K ? C : never;
}[ErrorCode];
