/** What a download needs and gives, whatever the protocol. */

/** The answer that named an address: a public one must not lead into a private network, https must not lead to http. */
export interface Hop {
  /** The address that responded. */
  readonly url: string;
  /** The network of the server that responded. */
  readonly network: 'public' | 'private';
}

/** A complete file in the spool. */
export interface Download {
  /** Its absolute path. */
  readonly path: string;
  /** Its size. */
  readonly bytes: number;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
}

/** What to download, and what to check. */
export interface DownloadRequest {
  /** `http` or `https`. */
  readonly url: string;
  /** The answer that named `url`; absent where the job names it. */
  readonly from?: Hop | undefined;
  /** The size or digest that the source announced; it is checked if it is set. */
  readonly expected?: {
    /** The size. */
    readonly bytes?: number;
    /** `sha256:` or `md5:` and hex digits. */
    readonly digest?: string;
  };
  /** Media types that are accepted in the answer, e.g. `application/zip`; an HTML page is refused unless listed. */
  readonly accept?: readonly string[];
  /** A larger file ends the download with LimitError. Absent: no limit. */
  readonly maxBytes?: number;
  /** Sent with the request. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * The addresses that the caller reads as its source, `url` among them. An answer whose `Link` header names a next page
   * that is not listed is refused with E_SOURCE_INCOMPLETE. Absent: that header is not looked at.
   */
  readonly pages?: readonly string[] | undefined;
  /** Aborts the download. What was downloaded stays for the next attempt. */
  readonly signal: AbortSignal;
  /** Called with the number of bytes that were received, and of all bytes if that is known. */
  readonly onProgress?: (progress: { readonly bytes: number; readonly total?: number }) => void;
}
