/** The source is not what it claims to be. */
import type { CodeText } from './code-text.ts';

export const SOURCE_CODES = {
  E_SOURCE_NOT_FOUND: {
    meaning: 'The server of the source reports that this URL does not exist or is forbidden.',
    remedy: 'Check the address in the job; the source may have moved.',
  },
  E_SOURCE_UNEXPECTED: {
    meaning: 'The source returned unexpected content, such as an HTML page instead of a dump.',
    remedy: 'Open the address in a browser: it may be a login or an error page.',
  },
  E_SOURCE_AMBIGUOUS: {
    meaning: 'The source offers several files where exactly one was expected, or none.',
    remedy: 'Check the record of the source. Until it is fixed, pass the file with `--input`.',
  },
  E_SOURCE_DIGEST: {
    meaning: 'The downloaded bytes do not have the size or the digest that the source announced.',
    remedy: 'Run again. If it happens again, report it to the source.',
  },
  E_SOURCE_CHANGED: {
    meaning: 'The source changed while it was read.',
    remedy: 'Run again after the source is complete.',
  },
  E_SOURCE_EMPTY: {
    meaning: 'The source contains no records.',
    remedy: 'Check the source. If it may be empty, set "guards": {"allow_empty": true}.',
  },
  E_SOURCE_INCOMPLETE: {
    meaning: 'The source indicates that it sent only a part of its records, or its count does not match.',
    remedy: 'Nothing is published. Follow the message: fetch all pages, request less at a time, or run again later.',
  },
  E_HOST_KEY_CHANGED: {
    meaning: 'An SFTP server presented another host key than the job or known_hosts expects. Nothing was sent to it.',
    remedy:
      'Ask the operator of the server whether it has a new key. Only then replace the fingerprint in the job, or the line in known_hosts.',
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
    meaning: 'The file is not a plain or gzipped tar, or a header in it is damaged.',
    remedy: 'Download it again, or report it to the source; the error gives the byte position.',
  },
  E_TAR_TRUNCATED: {
    meaning: 'The tar ends inside a member, or has no end mark.',
    remedy: 'Download it again: the end is missing. Nothing of it was published.',
  },
  E_TAR_UNSUPPORTED: {
    meaning: 'A member of the tar that was selected is sparse.',
    remedy: 'Select other members with `regex`, or repack the archive with `tar` without `--sparse`.',
  },
  E_ARCHIVE_ENTRY_NAME: {
    meaning: 'The archive has a member whose name leads out of the archive (`../`, an absolute path, a drive letter).',
    remedy: 'Do not use this archive; report it to the source.',
  },
  E_ARCHIVE_NO_DATA: {
    meaning: 'The archive or bucket contains only folders and companion files of operating systems, and no data.',
    remedy: 'Pack the data files themselves, or check the URL. `__MACOSX/`, `._name` and the like are never read.',
  },
  E_OAI_ANSWER: {
    meaning: 'A response of the OAI-PMH server is invalid XML.',
    remedy: 'Report it to the repository. With "verb": "ListIdentifiers" each record is fetched individually.',
  },
  E_OAI_TOKEN_REPEATED: {
    meaning: 'The OAI-PMH server returned a resumption token a second time, so its list would never end.',
    remedy: 'Report it to the repository. Until it is fixed, harvest set by set.',
  },
  E_OAI_TOKEN_REFUSED: {
    meaning: 'The OAI-PMH server refused the resumption token of its own list, each time that the list was restarted.',
    remedy: 'Harvest a smaller set or a shorter time span, so that the list ends before its tokens expire.',
  },
  E_API_REPEATED: {
    meaning: 'The service returned the same page again instead of the next one, so the list would never end.',
    remedy: 'Check `paging` of `http-api`: the service may not know its parameter.',
  },
  E_GZIP_CORRUPT: {
    meaning: 'The gzip stream is damaged, truncated, or not gzip at all.',
    remedy: 'Download it again, or report it to the source.',
  },
  E_JSON_NOT_JSON: {
    meaning: 'The resource does not begin with a JSON array or object.',
    remedy: 'Check the content of the URL or the archive member.',
  },
  E_JSON_TRUNCATED: {
    meaning: 'The JSON ends before its array is closed.',
    remedy: 'Download it again: the end is missing. Nothing of it was published.',
  },
  E_JSON_STRUCTURE: {
    meaning: 'The JSON is broken, and there is no safe position to continue from.',
    remedy: 'Report it to the source; the error gives the byte position.',
  },
  E_JSON_ITEMS: {
    meaning: 'The pointer `items` does not lead to a list in the JSON document.',
    remedy: 'Correct `items` of the reader; the error names the value that was found.',
  },
  E_RDF_NOT_RDF: {
    meaning: 'The resource is not RDF/XML, Turtle or N-Triples.',
    remedy: 'Check the content of the URL or the archive member, or set the `format` of the reader.',
  },
  E_RDF_SYNTAX: {
    meaning: 'The RDF document is broken or truncated, and there is no safe position to continue from.',
    remedy: 'Download it again, or report it to the source; the error gives the line.',
  },
  E_YAML_STRUCTURE: {
    meaning: 'The YAML is not a list, or is broken so that there is no safe position to continue from.',
    remedy: 'Check the content of the URL or the file; the error gives the line.',
  },
  E_CSV_STRUCTURE: {
    meaning: 'The resource is not a table of text, or its first line does not name the columns.',
    remedy: 'Check the content of the file, its encoding, and the `csv_options` of the reader.',
  },
  E_XLSX_STRUCTURE: {
    meaning:
      'The file is not an Excel workbook (.xlsx) that can be read, or it lacks the sheet or header row that the job names.',
    remedy: 'Follow the message: save the file as .xlsx without a password, or correct `sheet` and `header_row`.',
  },
  E_PARQUET_STRUCTURE: {
    meaning: 'The file is not a Parquet file that can be read, or it has no column that the job names.',
    remedy: 'Download it again, or correct `columns` of the reader. The message describes the problem.',
  },
  E_SPARQL_RESULTS: {
    meaning: 'The response of the SPARQL service is not a complete document of SPARQL 1.1 JSON results.',
    remedy: 'Run again. If it happens again, send the query of the job to the service and check the response.',
  },
  E_XML_TRUNCATED: {
    meaning: 'The XML ends before its root element is closed, after records that were read.',
    remedy: 'Download it again: the end is missing. Nothing of it was published.',
  },
  E_XML_STRUCTURE: {
    meaning: 'The XML is broken between its records, so the following records cannot be separated.',
    remedy: 'Report it to the source; the error gives the byte position.',
  },
} as const satisfies Record<string, CodeText>;
