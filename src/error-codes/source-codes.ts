/** The source is not what it claims to be. */
import type { CodeText } from './code-text.ts';

export const SOURCE_CODES = {
  E_SOURCE_NOT_FOUND: {
    meaning: 'The server of the source answers that this address does not exist or is forbidden.',
    remedy: 'Check the address in the job; the source may have moved.',
  },
  E_SOURCE_UNEXPECTED: {
    meaning: 'The source answered with something else than was expected, such as an HTML page in place of a dump.',
    remedy: 'Open the address in a browser: it may be a login or an error page.',
  },
  E_SOURCE_AMBIGUOUS: {
    meaning: 'The source offers several files where exactly one was expected, or none.',
    remedy: 'Look at the record of the source; name the file with `--input` meanwhile.',
  },
  E_SOURCE_DIGEST: {
    meaning: 'The downloaded bytes do not have the size or the digest that the source announced.',
    remedy: 'Run again; if it stays, report it to the source.',
  },
  E_SOURCE_CHANGED: {
    meaning: 'The source changed while it was read.',
    remedy: 'Run again when it is no longer being written.',
  },
  E_SOURCE_EMPTY: {
    meaning: 'The source holds no records.',
    remedy: 'Check the source; where an empty source is right, set "guards": {"allow_empty": true}.',
  },
  E_SOURCE_INCOMPLETE: {
    meaning: 'The source says that it sent only a part of its records, or contradicts its own count.',
    remedy:
      'Nothing is published. Do what the message advises: fetch all pages, ask for less at a time, or run again later.',
  },
  E_ZIP_NO_CENTRAL_DIRECTORY: {
    meaning: 'The file is not a zip, or its end with the central directory is missing.',
    remedy: 'Download it again: it is truncated, or an error page was saved under its name.',
  },
  E_ZIP_CORRUPT: {
    meaning: 'The zip is damaged, or a member does not have the size or checksum that the directory declares.',
    remedy: 'Download it again, or report it to the source.',
  },
  E_ZIP_UNSUPPORTED: {
    meaning: 'A member of the zip is encrypted or uses another compression than stored and deflate.',
    remedy: 'Repack the archive.',
  },
  E_TAR_CORRUPT: {
    meaning: 'The file is not a tar, plain or in gzip, or a header in it is damaged.',
    remedy: 'Download it again, or report it to the source; the error says at which byte.',
  },
  E_TAR_TRUNCATED: {
    meaning: 'The tar ends inside a member, or without the mark that ends a tar.',
    remedy: 'Download it again: the end is missing. Nothing of it was published.',
  },
  E_TAR_UNSUPPORTED: {
    meaning: 'A member of the tar that was selected is sparse.',
    remedy: 'Choose other members by `regex`, or repack the archive with `tar` without `--sparse`.',
  },
  E_ARCHIVE_ENTRY_NAME: {
    meaning: 'The archive holds a member whose name leaves the archive (`../`, absolute, a drive letter).',
    remedy: 'Do not use this archive; report it to the source.',
  },
  E_ARCHIVE_NO_DATA: {
    meaning: 'The archive or bucket holds only folders and companion files of operating systems, and no data.',
    remedy: 'Pack the data files themselves, or check the address; `__MACOSX/`, `._name` and the like are never read.',
  },
  E_OAI_ANSWER: {
    meaning: 'An answer of the OAI-PMH server is XML that cannot be read.',
    remedy: 'Report it to the repository. With "verb": "ListIdentifiers" each record is fetched by itself.',
  },
  E_OAI_TOKEN_REPEATED: {
    meaning: 'The OAI-PMH server gave a resumption token a second time, so that its list would never end.',
    remedy: 'Report it to the repository; harvest set by set meanwhile.',
  },
  E_OAI_TOKEN_REFUSED: {
    meaning: 'The OAI-PMH server refused the resumption token of its own list, each time that the list began anew.',
    remedy: 'Harvest a smaller set or a shorter time, so that the list ends before its tokens expire.',
  },
  E_GZIP_CORRUPT: {
    meaning: 'The gzip stream is damaged, truncated, or not gzip at all.',
    remedy: 'Download it again, or report it to the source.',
  },
  E_JSON_NOT_JSON: {
    meaning: 'The resource does not begin with a JSON array or object.',
    remedy: 'Check what the address or the archive member really holds.',
  },
  E_JSON_TRUNCATED: {
    meaning: 'The JSON ends before its array is closed.',
    remedy: 'Download it again: the end is missing. Nothing of it was published.',
  },
  E_JSON_STRUCTURE: {
    meaning: 'The JSON is broken in a way that leaves no safe place to read on.',
    remedy: 'Report it to the source; the error says at which byte.',
  },
  E_RDF_NOT_RDF: {
    meaning: 'The resource is not RDF/XML, Turtle or N-Triples.',
    remedy: 'Check what the address or the archive member really holds, or name the `format` of the reader.',
  },
  E_RDF_SYNTAX: {
    meaning: 'The RDF document is broken or truncated, in a way that leaves no safe place to read on.',
    remedy: 'Download it again, or report it to the source; the error says in which line.',
  },
  E_YAML_STRUCTURE: {
    meaning: 'The YAML is not a list at its top, or is broken in a way that leaves no safe place to read on.',
    remedy: 'Check what the address or the file really holds; the error says in which line.',
  },
  E_CSV_STRUCTURE: {
    meaning: 'The resource is not a table of text, or its first line does not name the columns.',
    remedy: 'Check what the file really holds, its encoding, and the `csv_options` of the reader.',
  },
  E_SPARQL_RESULTS: {
    meaning: 'The answer of the SPARQL service is not a whole document of SPARQL 1.1 JSON results.',
    remedy: 'Run again; if it stays, ask the service for the query of the job and look at its answer.',
  },
  E_XML_TRUNCATED: {
    meaning: 'The XML ends before its root element is closed, behind records that were read.',
    remedy: 'Download it again: the end is missing. Nothing of it was published.',
  },
  E_XML_STRUCTURE: {
    meaning: 'The XML is broken between its records, so that what follows cannot be told apart.',
    remedy: 'Report it to the source; the error says at which byte.',
  },
} as const satisfies Record<string, CodeText>;
