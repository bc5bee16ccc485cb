/** A fault in a piece of XML, before it is known which record is lost. It never leaves this folder unconverted. */
import type { CodeOf } from '../../error-codes.ts';

export class XmlFault extends Error {
  readonly code: CodeOf<'record'>;
  /** The index in the view after the faulty record, if it is known. */
  behind: number | undefined;
  /** Nothing after it can be read, because the start of the next record is unknown. */
  endsDocument = false;

  /** The message is half a sentence: `<b> is closed by </a> at byte 12`. */
  constructor(code: CodeOf<'record'>, reason: string, cause?: unknown) {
    super(reason, { cause });
    this.name = 'XmlFault';
    this.code = code;
  }
}
