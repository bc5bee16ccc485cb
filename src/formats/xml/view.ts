/** What of a document is in view, and how to see more of it. */
import { ByteWindow } from '../bytes/byte-window.ts';
import { viewBytes, type XmlScan } from './scan.ts';

export interface XmlView {
  /** Reads on behind `scan.at`, with all before it let go: `scan.at` is 0 then. False at the end of the document. */
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
      // Twice as much each time: whoever starts over for want of bytes does so a few times, not once for each chunk.
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
