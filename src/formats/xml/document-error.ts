/** What becomes of a fault that concerns a document and not one record among others. */
import type { RecordPlace } from '../json/record.ts';
import { recordFailure } from '../json/record.ts';
import { SourceError } from '../../errors.ts';
import type { ReadFailure } from '../../records/entry.ts';
import { XmlFault } from './fault.ts';
import { XmlCutOff } from './record.ts';

export interface DocumentState {
  readonly name: string;
  /** How many records were read. */
  readonly position: number;
  /** The document itself is the record. */
  readonly isWhole: boolean;
  /** How many bytes of it were seen. */
  readonly bytes: number;
  /** Its beginning, as far as it was kept. */
  readonly start: Buffer;
}

/** One failure in place of the document where nothing of it was handed on; otherwise the error that ends the run. */
export function documentFailure(error: unknown, state: DocumentState): ReadFailure | SourceError {
  if (!(error instanceof XmlFault) && !(error instanceof XmlCutOff)) throw error;
  if (state.position > 0 && !state.isWhole) return documentError(error, state);
  const place: RecordPlace = { position: 0, byte: 0 };
  if (error instanceof XmlFault) return recordFailure(error.code, error.message, place, state.start, error.cause);
  if (state.bytes === 0) return recordFailure('E_XML_NOT_XML', 'the document is empty', place, state.start);
  const reason = `the document ends after ${String(state.bytes)} bytes with elements open. It is truncated: fetch it again`;
  return recordFailure('E_RECORD_TRUNCATED', reason, place, state.start);
}

function documentError(error: XmlFault | XmlCutOff, { name, position, bytes }: DocumentState): SourceError {
  const details = { resource: name, position, bytes };
  if (error instanceof XmlFault) {
    return new SourceError(
      'E_XML_STRUCTURE',
      `${name} is broken behind record ${String(position - 1)}, outside of any record: ${error.message}. What follows cannot be told apart. Report it to the source.`,
      { cause: error, details },
    );
  }
  return new SourceError(
    'E_XML_TRUNCATED',
    `${name} should end with the end tag of its root element, but it ends after ${String(bytes)} bytes, at or in record ${String(position)}. It is truncated: fetch it again.`,
    { details },
  );
}
