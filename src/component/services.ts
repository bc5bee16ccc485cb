/** What the engine lends to a component. Components import nothing that does I/O of its own. */
import type { VocabSyncError } from '../errors.ts';
import type { Resource } from './resource.ts';

/** Structured and levelled; the message is a constant sentence, variables are fields. */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** The answer that named an address: a public one must not lead into a private network, https must not lead to http. */
export interface Hop {
  readonly url: string;
  /** Where the server that answered is. */
  readonly network: 'public' | 'private';
}

export interface Download {
  /** The file in the spool. */
  readonly path: string;
  readonly bytes: number;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
}

export interface DownloadRequest {
  readonly url: string;
  /** The answer that named `url`; absent where the job names it. */
  readonly from?: Hop | undefined;
  /** What the source announced; checked when given. */
  readonly expected?: { readonly bytes?: number; readonly digest?: string };
  /** Media types that are accepted in the answer, e.g. `application/zip`; an HTML page is refused unless listed. */
  readonly accept?: readonly string[];
  readonly maxBytes?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * The addresses that the caller reads as its source, `url` among them. An answer whose `Link` header names a next page
   * that is not listed is refused with E_SOURCE_INCOMPLETE. Absent: that header is not looked at.
   */
  readonly pages?: readonly string[] | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: { readonly bytes: number; readonly total?: number }) => void;
}

export interface HttpAnswer extends Hop {
  readonly status: number;
  /** After redirects. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface HttpService {
  /** A small text answer (at most 8 MiB). Throws UnavailableError (429, 5xx, connection) or SourceError (other 4xx). */
  get(
    url: string,
    options: {
      readonly signal: AbortSignal;
      /** The answer that named `url`; absent where the job names it. */
      readonly from?: Hop | undefined;
      readonly headers?: Record<string, string>;
      readonly method?: 'GET' | 'HEAD' | 'POST';
      /** Sent with POST, as a form. Such a request must change nothing at the other side: it is repeated like a GET. */
      readonly form?: Readonly<Record<string, string>>;
      /** With `latin1` the body has one character for each byte. Default: `utf8`. */
      readonly encoding?: 'utf8' | 'latin1';
      /** The largest body, in bytes. Default: 8 MiB. */
      readonly maxBytes?: number;
      /** Statuses besides 200 whose answer is wanted and no error. */
      readonly statuses?: readonly number[];
      /**
       * Called with another status than these and the start of the body, in one line. Returns the error to throw, or
       * undefined for the usual one. An error other than UnavailableError is not tried again.
       */
      readonly refusal?: (status: number, reason: string) => VocabSyncError | undefined;
    },
  ): Promise<HttpAnswer>;
  /** Into the spool: resumable by Range and ETag, checked, complete or not there. */
  download(request: DownloadRequest): Promise<Download>;
}

/** A request that may change something at the other side. */
export interface ApiRequest {
  readonly url: string;
  readonly method: string;
  /** Credentials among them go to this address alone: no redirect is followed. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** For the whole request. Default: 60 s. */
  readonly timeoutMs?: number;
  /** The largest answer. Default: 32 MiB. */
  readonly maxBytes?: number;
}

export interface ApiAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** The start of the body in one line, without markup and secrets, to be quoted. */
  readonly reason: string;
  /** Milliseconds that the answer asks to wait, from `Retry-After` or `X-RateLimit-Reset`. */
  readonly retryAfter: number | undefined;
}

export interface ApiService {
  /**
   * Any status is an answer. Throws UnavailableError E_TARGET_UNAVAILABLE where the connection fails or the answer does
   * not come in time (the request may have been carried out), ConfigError where it can never succeed.
   */
  ask(request: ApiRequest): Promise<ApiAnswer>;
}

export interface SpoolService {
  /** A file with the bytes of the resource, for a reader that needs random access. Removed by `release`. */
  materialise(resource: Resource, signal: AbortSignal): Promise<{ path: string; release(): Promise<void> }>;
}

/** A bundle that is being written: resources in their order, each durable once its promise is kept. */
export interface Bundle {
  /** How many it holds from attempts before, failures included: the caller goes on behind them. */
  readonly count: number;
  /** The content of the last of these; undefined where there are none. */
  last(): Promise<Buffer | undefined>;
  /** One at a time. The name has at most 80 bytes. */
  add(name: string, content: Buffer): Promise<void>;
  /** In place of a resource that could not be had: it becomes a rejection with this message. */
  fail(name: string, failure: { readonly message: string }): Promise<void>;
  complete(): Promise<Download>;
  /** Keeps what is there for the next attempt. To be called unless it was completed. */
  close(): Promise<void>;
}

export type OpenedBundle = { readonly complete: Download } | { readonly bundle: Bundle };

export interface BundleService {
  /** Equal keys are one bundle: the key says everything that decides what is in it and in which order. */
  open(request: {
    readonly key: string;
    /** Of the finished file. */
    readonly name: string;
    readonly signal: AbortSignal;
    /** Called while another process writes it. */
    readonly onWait?: () => void;
  }): Promise<OpenedBundle>;
}

/** A bucket and how it is reached. */
export interface S3Place {
  readonly bucket: string;
  /** Absent = Amazon. */
  readonly endpoint?: string;
  readonly region: string;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`. */
  readonly pathStyle: boolean;
  /** Absent = anonymous. */
  readonly credentials?: { readonly accessKey: string; readonly secretKey: string; readonly sessionToken?: string };
}

export interface S3Object {
  readonly key: string;
  readonly bytes: number;
  readonly etag: string;
  readonly lastModified: Date;
}

export interface S3Answer {
  readonly bytes: number | undefined;
  readonly etag: string | undefined;
  readonly lastModified: Date | undefined;
  /** To be read once. */
  readonly body: AsyncIterable<Buffer>;
  close(): void;
}

/** Throws UnavailableError, SourceError (not there, forbidden, changed) or ConfigError (host). */
export interface S3Service {
  /** In the order of the keys, page by page. */
  list(
    place: S3Place,
    options: { readonly prefix?: string; readonly signal: AbortSignal },
  ): AsyncIterable<readonly S3Object[]>;
  get(
    place: S3Place,
    key: string,
    options: { readonly signal: AbortSignal; readonly etag?: string },
  ): Promise<S3Answer>;
  /** Into the spool: resumable, and exactly this object; SourceError E_SOURCE_CHANGED when it was replaced since. */
  download(
    place: S3Place,
    object: { readonly key: string; readonly etag: string; readonly bytes?: number },
    options: Pick<DownloadRequest, 'maxBytes' | 'signal' | 'onProgress'>,
  ): Promise<Download>;
}

export interface Services {
  /** Bytes of memory that the process may hold. Absent: it has no limit. */
  readonly memoryBytes?: number;
  readonly http: HttpService;
  readonly api: ApiService;
  readonly s3: S3Service;
  readonly bundles: BundleService;
  readonly spool: SpoolService;
  readonly logger: Logger;
}
