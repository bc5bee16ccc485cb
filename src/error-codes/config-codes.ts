/** What the operator mends in a file, an argument or a setting. */
import type { CodeText } from './code-text.ts';

export const CONFIG_CODES = {
  E_USAGE: {
    meaning: 'The words of the command are not those that it takes.',
    remedy: 'Look at `vocab-sync COMMAND --help`.',
  },
  E_JOB_NOT_FOUND: {
    meaning: 'No job file or stored job has this name.',
    remedy:
      'Use the path of a job file, or a name from `vocab-sync check` (files) or `vocab-sync job list` (stored jobs).',
  },
  E_JOB_INVALID: {
    meaning: 'The job file does not fit the job schema, or its components do not fit together.',
    remedy: 'Run `vocab-sync check FILE`: it names every problem with its JSON pointer and line.',
  },
  E_JOB_CHANGED: {
    meaning: 'Somebody else stored a version of the job between the look at it and the attempt to store another.',
    remedy:
      'See what they changed with `vocab-sync job versions JOB --diff`, bring it into your file, and apply again.',
  },
  E_SCHEDULE_STATE: {
    meaning: 'The schedule of the job is not in a state in which this can be done, or is not one of vocab-sync.',
    remedy: 'Look at `vocab-sync schedule JOB`; `vocab-sync apply` makes the schedule of a stored job again.',
  },
  E_SCHEDULE_REFUSED: {
    meaning: 'Temporal does not take the schedule of a job: it knows another set of time zones, or has other limits.',
    remedy: 'Correct the schedule in the job file as the message says, and apply it again; the job itself is stored.',
  },
  E_NOT_CONFIRMED: {
    meaning: 'A command that takes something away was not confirmed.',
    remedy: 'Type the name that is asked for, or give --yes.',
  },
  E_RUN_NOT_ALLOWED: {
    meaning:
      'The run brings a config, arguments or an input file, and the worker does not accept them from this caller.',
    remedy:
      'Start it with `vocab-sync run`: in the directory of `vocab-sync dev`, or with the VOCAB_SYNC_RUN_KEY_FILE of the worker. A stored job that is started by its name alone needs no proof.',
  },
  E_FILE_NOT_ALLOWED: {
    meaning:
      'A job names a file outside of the folders that jobs may use on this worker, or a file of vocab-sync itself.',
    remedy: 'Move the file into one of the folders, or add its folder to VOCAB_SYNC_FOLDERS where the worker runs.',
  },
  E_ARGUMENTS_INVALID: {
    meaning: 'The arguments of a run are not those that its job declares.',
    remedy: 'Correct the named `--arg`; `vocab-sync types JOB` shows what the job takes, `run --explain` what it gets.',
  },
  E_CUSTOM_ARGS_INVALID: {
    meaning: 'The custom args are not a JSON object that can be laid over this job.',
    remedy: 'Correct the JSON; `run --explain` shows the effective config without starting anything.',
  },
  E_SINCE_INVALID: {
    meaning: 'The value of `since` is not a time in a form that is understood.',
    remedy: 'Use YYYY-MM-DD HH:mm, ISO 8601, a date, a span such as P2D or "2 days", or `none`.',
  },
  E_NOT_CONFIGURED: {
    meaning: 'No servers are configured here, and no `dev` has run in this directory. Nothing was started.',
    remedy:
      'Set DATABASE_URL and TEMPORAL_ADDRESS, give --env-file FILE, change to the directory of your `vocab-sync dev`, or start it here.',
  },
  E_WATERMARK_FUTURE: {
    meaning: 'The watermark of the job is in the future, because a clock was wrong. Such a run would find nothing new.',
    remedy: '`vocab-sync watermark JOB set TIME`, or `clear` to have everything read. Correct the clock.',
  },
  E_SETTINGS_INVALID: {
    meaning: 'An environment variable or .env entry has an unusable value.',
    remedy: 'Correct the named setting; `vocab-sync doctor` shows what is in force and from where.',
  },
  E_SECRET_NOT_FOUND: {
    meaning: 'A `$secret` reference names an environment variable or file that is not there.',
    remedy: 'Set the variable or create the file on the machine of the worker.',
  },
  E_NOTICE_REFUSED: {
    meaning: 'A chat, a program or a mail server does not take the notices of the job, or no mail server is set.',
    remedy: 'Correct the address where the worker runs, then try it with `vocab-sync notify JOB`.',
  },
  E_FILE_NOT_FOUND: {
    meaning: 'A file that the job or the command names is not there, or cannot be read or written.',
    remedy: 'Check the path and its permissions on the machine where the worker runs.',
  },
  E_ARCHIVE_NO_MATCH: {
    meaning: 'No member of the archive matches the `regex` of the reader.',
    remedy: 'Change `regex`; the error lists the members that are there.',
  },
  E_HOST_NOT_ALLOWED: {
    meaning: 'The URL leads to a host outside VOCAB_SYNC_ALLOWED_HOSTS or uses another protocol than http(s).',
    remedy: 'Correct the URL, or add the host to the setting.',
  },
  E_REDIRECT_REFUSED: {
    meaning:
      'A redirect or link leads from a public source to a private network or this machine, or from https to http.',
    remedy:
      'Check the source. If the target is right, put its address into the job, or add its host to VOCAB_SYNC_TRUSTED_HOSTS.',
  },
  E_URL_INVALID: {
    meaning: 'An address is not an http(s) URL, or carries a user name and password.',
    remedy: 'Correct the address; credentials never belong into a URL.',
  },
  E_SCHEMA_INVALID: {
    meaning: 'The file of a record schema holds no JSON Schema that can be used.',
    remedy: 'Correct the file: JSON Schema draft 7, patterns in RE2 syntax, no references to other files.',
  },
  E_OAI_REFUSED: {
    meaning: 'The OAI-PMH server refuses what is asked of it: an unknown format, set or date.',
    remedy: 'Correct "metadata_prefix", "set" or the dates; the error names what the server said.',
  },
  E_TABLE_INVALID: {
    meaning:
      'The file of a look-up table is neither a JSON object nor a CSV file of two columns, or contradicts itself.',
    remedy: 'Correct the file at the place that the error names.',
  },
  E_SPARQL_REFUSED: {
    meaning: 'The SPARQL service refuses the query: it is malformed, or exceeds a limit of the service.',
    remedy: 'Correct or narrow the `query` of the reader; the error quotes the service.',
  },
  E_ROR_SCHEMA_V1: {
    meaning: 'The member of the dump that was chosen holds ROR schema v1, the mapping reads v2.',
    remedy: 'Choose the member that the error names, for example with "regex": "_schema_v2\\\\.json$".',
  },
  E_DATABASE_REFUSED: {
    meaning: 'PostgreSQL refuses what a run needs: a right is missing, or the database does not store UTF-8.',
    remedy: 'Grant the right, or use a database in UTF-8; `vocab-sync doctor` shows which is missing.',
  },
  E_TARGET_CONFLICT: {
    meaning: 'The table or file of a writer exists and is not one that vocab-sync made.',
    remedy: 'Choose another table or path in the job, or move the existing one away.',
  },
  E_RUN_NOT_FOUND: {
    meaning: 'No run has this id or prefix, or several have it.',
    remedy: 'Use an id from `vocab-sync runs`, a longer prefix, JOB@latest or JOB@published.',
  },
  E_ROLLBACK_REFUSED: {
    meaning:
      'What the run changed cannot be undone: it changed nothing, was undone before, or what it replaced is not kept.',
    remedy:
      'Look at `vocab-sync show RUN` and `vocab-sync runs JOB`; a run of the job brings its targets up to date with the source.',
  },
  E_RETRY_REFUSED: {
    meaning:
      'What the run rejected cannot be retried: it rejected nothing, a later run published, or its source cannot be read as it was.',
    remedy: 'Retry the run that the error names, or read the whole source again: `vocab-sync run JOB --force`.',
  },
  E_VOCABULARY_NOT_FOUND: {
    meaning: 'The database has no vocabulary of this name.',
    remedy: 'Use a name that the error lists: the table of a `postgres` writer.',
  },
  E_ROLE_NOT_FOUND: {
    meaning: 'PostgreSQL has no role of this name.',
    remedy: 'Create it first: CREATE ROLE name LOGIN PASSWORD. Roles belong to the whole server.',
  },
  E_TRANSFER_REFUSED: {
    meaning: 'The records of a job cannot be handed to another one: it has none, or a run of one of them is under way.',
    remedy: 'Check both names; wait for the run, or cancel it.',
  },
  E_RECORD_NOT_FOUND: {
    meaning: 'No change of this record is kept in this vocabulary.',
    remedy:
      'Check the id and the name of the vocabulary; `vocab-sync changes RUN` shows both. Old changes may have been pruned.',
  },
  E_ROLLBACK_CONFLICT: {
    meaning: 'Later runs changed records that the run to be undone had changed too.',
    remedy: 'Roll the later runs back first, newest first, or leave these records as they are with `--force`.',
  },
  E_EMBEDDED_UNSUPPORTED: {
    meaning: 'The embedded PostgreSQL cannot run on this machine.',
    remedy: 'Set DATABASE_URL to a PostgreSQL of your own, or do what the error names.',
  },
  E_TEMPORAL_CLI_NOT_FOUND: {
    meaning: 'The Temporal CLI, which holds the dev server, was not found and could not be installed.',
    remedy: 'Install it and set TEMPORAL_CLI_PATH, or set TEMPORAL_ADDRESS to a Temporal server of your own.',
  },
  E_TARGET_FORBIDDEN: {
    meaning: 'The server of a target refuses every request: the credential, the address or the rights are wrong.',
    remedy: 'Correct the credential, the address or the rights that the message names, then run the job again.',
  },
} as const satisfies Record<string, CodeText>;
