/** Problems that the operator fixes in a file, an argument or a setting. */
import type { CodeText } from './code-text.ts';

export const CONFIG_CODES = {
  E_USAGE: {
    meaning: 'The command does not have these options or arguments.',
    remedy: 'See `vocab-sync COMMAND --help`.',
  },
  E_JOB_NOT_FOUND: {
    meaning: 'No job file or stored job has this name.',
    remedy:
      'Use the path of a job file, or a name from `vocab-sync check` (files) or `vocab-sync job list` (stored jobs).',
  },
  E_JOB_INVALID: {
    meaning: 'The job file does not match the job schema, or its components do not fit together.',
    remedy: 'Run `vocab-sync check FILE`: it reports every problem with its JSON pointer and line.',
  },
  E_EXAMPLE_INVALID: {
    meaning: 'The examples of a job are missing, or cannot be used.',
    remedy:
      'Correct the file of the examples, and run `vocab-sync test JOB` again. docs/write-a-job.md describes them.',
  },
  E_JOB_CHANGED: {
    meaning: 'Another person stored a version of the job at the same time.',
    remedy: 'Show the change with `vocab-sync job versions JOB --diff`, add it to your file, and apply again.',
  },
  E_SCHEDULE_STATE: {
    meaning: 'The state of the schedule does not allow this, or the schedule does not belong to vocab-sync.',
    remedy: 'See `vocab-sync schedule JOB`. `vocab-sync apply` creates the schedule of a stored job again.',
  },
  E_SCHEDULE_REFUSED: {
    meaning: 'Temporal refuses the schedule of a job, because it does not know the time zone or has other limits.',
    remedy: 'Correct the schedule in the job file as the message says, and apply it again; the job itself is stored.',
  },
  E_NOT_CONFIRMED: {
    meaning: 'A command that deletes something was not confirmed.',
    remedy: 'Type the requested name, or use --yes.',
  },
  E_RUN_NOT_ALLOWED: {
    meaning:
      'The run brings a config, arguments or an input file, and the worker does not accept them from this caller.',
    remedy:
      'Start it with `vocab-sync run`: in the directory of `vocab-sync dev`, or with the VOCAB_SYNC_RUN_KEY_FILE of the worker. A stored job that is started by its name alone needs no proof.',
  },
  E_FILE_NOT_ALLOWED: {
    meaning: 'A job names a file outside the folders that jobs may use on this worker, or a file of vocab-sync itself.',
    remedy: 'Move the file into one of the folders, or add its folder to VOCAB_SYNC_FOLDERS where the worker runs.',
  },
  E_ARGUMENTS_INVALID: {
    meaning: 'The arguments of a run do not match the declaration in its job.',
    remedy: 'Correct the named `--arg`; `vocab-sync types JOB` shows what the job takes, `run --explain` what it gets.',
  },
  E_CUSTOM_ARGS_INVALID: {
    meaning: 'The custom args are not a JSON object that can override this job.',
    remedy: 'Correct the JSON; `run --explain` shows the effective config without starting anything.',
  },
  E_SINCE_INVALID: {
    meaning: 'The value of `since` is not a valid time.',
    remedy: 'Use YYYY-MM-DD HH:mm, ISO 8601, a date, a duration such as P2D or "2 days", or `none`.',
  },
  E_NOT_CONFIGURED: {
    meaning: 'No servers are configured here, and no `dev` has run in this directory. Nothing was started.',
    remedy:
      'Set DATABASE_URL and TEMPORAL_ADDRESS, use --env-file FILE, change to the directory of your `vocab-sync dev`, or start it here.',
  },
  E_WATERMARK_FUTURE: {
    meaning: 'The watermark of the job is in the future, because a clock was wrong. Such a run would find nothing new.',
    remedy: '`vocab-sync watermark JOB set TIME`, or `clear` to read everything. Correct the clock.',
  },
  E_SETTINGS_INVALID: {
    meaning: 'An environment variable or .env entry has an unusable value.',
    remedy: 'Correct the named setting; `vocab-sync doctor` shows each setting and its source.',
  },
  E_SECRET_NOT_FOUND: {
    meaning: 'A `$secret` reference names an environment variable or file that does not exist.',
    remedy: 'Set the variable or create the file on the machine of the worker.',
  },
  E_SECRET_UNUSABLE: {
    meaning: 'A secret was found, but it is not what the component needs, such as a private key.',
    remedy: 'Correct the secret, or its passphrase, on the machine of the worker.',
  },
  E_HOST_KEY_UNKNOWN: {
    meaning: 'The host key of an SFTP server is in no known_hosts file, and the job does not give its fingerprint.',
    remedy:
      'Ask the operator of the server for the fingerprint of its host key, compare it with the one in the message, and put it into "host_key" of the reader.',
  },
  E_NOTICE_REFUSED: {
    meaning: 'A chat, a program or a mail server refuses the notices of the job, or no mail server is set.',
    remedy: 'Correct the address where the worker runs, then test it with `vocab-sync notify JOB`.',
  },
  E_FILE_NOT_FOUND: {
    meaning: 'A file that the job or the command names does not exist, or cannot be read or written.',
    remedy: 'Check the path and its permissions on the machine where the worker runs.',
  },
  E_ARCHIVE_NO_MATCH: {
    meaning: 'No member of the archive matches the `regex` of the reader.',
    remedy: 'Change `regex`; the error lists the members of the archive.',
  },
  E_HOST_NOT_ALLOWED: {
    meaning: 'The URL leads to a host outside VOCAB_SYNC_ALLOWED_HOSTS or uses another protocol than http(s).',
    remedy: 'Correct the URL, or add the host to the setting.',
  },
  E_PROXY_REFUSED: {
    meaning: 'The proxy of HTTP_PROXY or HTTPS_PROXY refused a request.',
    remedy:
      'The message says why. Correct the credentials in HTTPS_PROXY and HTTP_PROXY of the worker, ask the operator of the proxy to allow the host, or add the host to NO_PROXY.',
  },
  E_REDIRECT_REFUSED: {
    meaning:
      'A redirect or link leads from a public source to a private network or this machine, or from https to http.',
    remedy:
      'Check the source. If the target is correct, set its address in the job, or add its host to VOCAB_SYNC_TRUSTED_HOSTS.',
  },
  E_URL_INVALID: {
    meaning: 'An address is not an http(s) URL, or contains a user name and password.',
    remedy: 'Correct the address; a URL must not contain credentials.',
  },
  E_SCHEMA_INVALID: {
    meaning: 'The file of a record schema does not contain a valid JSON Schema.',
    remedy: 'Correct the file: JSON Schema draft 7, patterns in RE2 syntax, no references to other files.',
  },
  E_OAI_REFUSED: {
    meaning: 'The OAI-PMH server refuses the request because of its format, set or date.',
    remedy: 'Correct "metadata_prefix", "set" or the dates; the error quotes the server.',
  },
  E_API_REFUSED: {
    meaning: 'The service refuses a request of `http-api`: its credential, a parameter or the page size.',
    remedy: 'Correct the credential or the parameters of the reader; the error quotes the service.',
  },
  E_API_ANSWER: {
    meaning: 'An answer of the service does not have the shape that the args of `http-api` describe.',
    remedy: 'Correct `total` or `paging` of the reader; the error shows the value that was found.',
  },
  E_TABLE_INVALID: {
    meaning: 'The file of a look-up table is neither a JSON object nor a CSV file of two columns, or is inconsistent.',
    remedy: 'Correct the file at the position in the error.',
  },
  E_SPARQL_REFUSED: {
    meaning: 'The SPARQL service refuses the query: it is malformed, or exceeds a limit of the service.',
    remedy: 'Correct or narrow the `query` of the reader; the error quotes the service.',
  },
  E_ROR_SCHEMA_V1: {
    meaning: 'The selected member of the dump has ROR schema v1, but the mapping needs v2.',
    remedy: 'Select the member that the error names, for example with "regex": "_schema_v2\\\\.json$".',
  },
  E_DATABASE_REFUSED: {
    meaning:
      'PostgreSQL refuses a statement of the run: a permission is missing, or the database does not store UTF-8.',
    remedy: 'Grant the permission, or use a database in UTF-8. `vocab-sync doctor` shows the problem.',
  },
  E_TARGET_CONFLICT: {
    meaning: 'The table or file of a writer is missing, has a different structure, or was not made by vocab-sync.',
    remedy:
      'Follow the message, for example run the statement that it prints, choose another table or path in the job, or move the existing one away.',
  },
  E_RUN_NOT_FOUND: {
    meaning: 'No run has this id or prefix, or several have it.',
    remedy: 'Use an id from `vocab-sync runs`, a longer prefix, JOB@latest or JOB@published.',
  },
  E_ROLLBACK_REFUSED: {
    meaning:
      'The run cannot be undone: it changed nothing, was already undone, or its replaced records are no longer kept.',
    remedy:
      'See `vocab-sync show RUN` and `vocab-sync runs JOB`. A new run of the job updates its targets from the source.',
  },
  E_RETRY_REFUSED: {
    meaning:
      'The rejections of the run cannot be retried: there are none, a later run published, or the source cannot be read unchanged.',
    remedy: 'Retry the run that the error names, or read the whole source again: `vocab-sync run JOB --force`.',
  },
  E_DRIFT_REFUSED: {
    meaning:
      'A target cannot be verified, repaired or adopted: the job has no such target, its writer cannot read the target, or the target is repaired in another way.',
    remedy:
      'The message lists the targets of the job. Repair a table of the database with `vocab-sync run JOB --force`.',
  },
  E_VOCABULARY_NOT_FOUND: {
    meaning: 'The database has no vocabulary of this name.',
    remedy: 'Use a name from the error: the table of a `postgres` writer.',
  },
  E_ROLE_NOT_FOUND: {
    meaning: 'PostgreSQL has no role of this name.',
    remedy: 'Create it first: CREATE ROLE name LOGIN PASSWORD. Roles belong to the whole server.',
  },
  E_TRANSFER_REFUSED: {
    meaning: 'The records of the job cannot be transferred: it has none, or a run of one of the jobs is active.',
    remedy: 'Check both names; wait for the run, or cancel it.',
  },
  E_RECORD_NOT_FOUND: {
    meaning: 'The vocabulary has no change of this record in its change log.',
    remedy:
      'Check the id and the name of the vocabulary; `vocab-sync changes RUN` shows both. Old changes may have been pruned.',
  },
  E_ROLLBACK_CONFLICT: {
    meaning: 'Later runs changed the same records as the run to be undone.',
    remedy: 'Roll back the later runs first, newest first, or skip these records with `--force`.',
  },
  E_EMBEDDED_UNSUPPORTED: {
    meaning: 'The embedded PostgreSQL cannot run on this machine.',
    remedy: 'Set DATABASE_URL to your own PostgreSQL server, or follow the error.',
  },
  E_TEMPORAL_CLI_NOT_FOUND: {
    meaning: 'The Temporal CLI, which contains the dev server, was not found and could not be installed.',
    remedy: 'Install it and set TEMPORAL_CLI_PATH, or set TEMPORAL_ADDRESS to your own Temporal server.',
  },
  E_REFERENCES_UNKNOWN: {
    meaning: 'The target cannot find the records of its repository that refer to the records that a run changes.',
    remedy:
      'Name a target of the run whose writer supports this, such as `invenio-rdm` with affiliations; `vocab-sync show RUN` lists the targets.',
  },
  E_TARGET_FORBIDDEN: {
    meaning: 'The server of a target refuses every request: the credential, the address or the permissions are wrong.',
    remedy: 'Correct the credential, the address or the permissions that the message names, then run the job again.',
  },
} as const satisfies Record<string, CodeText>;
