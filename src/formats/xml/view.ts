/** The part of a document that is in memory, and how to read more of it. */
import { ByteWindow } from '../bytes/byte-window.ts';
import { viewBytes, type XmlScan } from './scan.ts';

export interface XmlView {
  /**
   * Reads more bytes and releases all bytes before `scan.at`, which is then 0. Returns false at the end of the
   * document.
   */
  more(): Promise<boolean>;
  /** The place of `scan.bytes[index]` in the document, in bytes of UTF-8. */
  offsetOf(index: number): number;
  close(): Promise<void>;
}

/** The scan is given what is in view each time that it changes. */
export function openXmlView(source: AsyncIterable<Buffer>, scan: XmlScan): XmlView {
  const window = new ByteWindow(source);
  return {
    async more() {
      window.advance(scan.at);
      scan.at = 0;
      // The view doubles each time, so a parser that starts over for lack of bytes does so only a few times, not for
      // each chunk.
      const wanted = 2 * window.view.length;
      let isMore = false;
      while (window.view.length <= wanted && (await window.more())) isMore = true;
      viewBytes(scan, window.view);
      return isMore;
    },
    offsetOf: (index) => window.offset + index,
    close: () => window.close(),
  };
}
