/** What is wrong with a piece of XML, before it is known which record it costs. Never leaves the folder as it is. */
import type { CodeOf } from '../../error-codes.ts';

export class XmlFault extends Error {
  readonly code: CodeOf<'record'>;
  /** The index in view behind the record that it is about, where that is known all the same. */
  behind: number | undefined;
  /** Nothing behind it can be read, not even where another record begins. */
  endsDocument = false;

  /** The message is half a sentence: `<b> is closed by </a> at byte 12`. */
  constructor(code: CodeOf<'record'>, reason: string, cause?: unknown) {
    super(reason, { cause });
    this.name = 'XmlFault';
    this.code = code;
  }
}
