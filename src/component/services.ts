/** The services that the engine provides to a component. Components import nothing that does I/O. */
import type { VocabSyncError } from '../errors.ts';
import type { Download, DownloadRequest, Hop } from './download.ts';
import type { Resource } from './resource.ts';
import type { S3Service } from './s3-service.ts';
import type { SftpService } from './sftp-service.ts';

/** Structured and levelled; the message is a constant sentence, variables are fields. */
export interface Logger {
  /** For each batch of records. */
  debug(message: string, fields?: Record<string, unknown>): void;
  /** For the life cycle of a step. */
  info(message: string, fields?: Record<string, unknown>): void;
  /** For unexpected events in which nothing is lost. */
  warn(message: string, fields?: Record<string, unknown>): void;
  /** For events that need an operator. */
  error(message: string, fields?: Record<string, unknown>): void;
}

/** A response as a text. */
export interface HttpAnswer extends Hop {
  /** 200, or one of `statuses` of the request. */
  readonly status: number;
  /** The address after redirects. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Decoded with the `encoding` of the request. */
  readonly body: string;
}

/** Reads sources over HTTP: with retries, the proxy of the worker, and its limits for hosts and addresses. */
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
      /** The same with a JSON text as its body. */
      readonly json?: string;
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
  /** `http` or `https`. */
  readonly url: string;
  /** In capitals, such as `PUT`. */
  readonly method: string;
  /** Credentials among them go to this address alone: no redirect is followed. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as UTF-8. Set its `content-type` in `headers`. */
  readonly body?: string;
  /** Aborts the request, which may have been carried out then. */
  readonly signal: AbortSignal;
  /** Milliseconds for the whole request. Default: 60,000. */
  readonly timeoutMs?: number;
  /** The largest answer, in bytes. Default: 32 MiB. */
  readonly maxBytes?: number;
}

/** The response of a target, whatever its status. */
export interface ApiAnswer {
  /** The HTTP status. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Decoded as UTF-8. */
  readonly body: string;
  /** The start of the body in one line, without markup and secrets, for quoting in a message. */
  readonly reason: string;
  /** Milliseconds that the answer asks to wait, from `Retry-After` or `X-RateLimit-Reset`. */
  readonly retryAfter: number | undefined;
}

/** Sends requests to a target. It follows no redirect and repeats no request. */
export interface ApiService {
  /**
   * Returns every status as an answer. Throws UnavailableError E_TARGET_UNAVAILABLE if the connection fails or times
   * out (the request may have been carried out), and ConfigError if the request can never succeed.
   */
  ask(request: ApiRequest): Promise<ApiAnswer>;
}

/** The folder of downloaded files on this machine. */
export interface SpoolService {
  /** A file with the bytes of the resource, for a reader that needs random access. Removed by `release`. */
  materialise(
    resource: Resource,
    signal: AbortSignal,
  ): Promise<{
    /** Its absolute path. */
    path: string;
    /** Removes the file if it was made for this call. */
    release(): Promise<void>;
  }>;
}

/** A download bundle that is being written: resources in their order, each durable once its promise is kept. */
export interface Bundle {
  /** The number of resources from earlier attempts, including failures. The caller resumes after them. */
  readonly count: number;
  /** The content of the last of these; undefined if there are none. */
  last(): Promise<Buffer | undefined>;
  /** One at a time. The name has at most 80 bytes. */
  add(name: string, content: Buffer): Promise<void>;
  /** Stores a failure for a resource that could not be fetched. It becomes a rejection with this message. */
  fail(name: string, failure: { readonly message: string }): Promise<void>;
  /** Closes the bundle and returns its file. */
  complete(): Promise<Download>;
  /** Keeps the resources for the next attempt. Must be called unless the bundle was completed. */
  close(): Promise<void>;
}

/** A bundle that an earlier attempt completed, or one to write. */
export type OpenedBundle =
  | {
      /** The file of the completed bundle. */
      readonly complete: Download;
    }
  | {
      /** The bundle to write. */
      readonly bundle: Bundle;
    };

/** Collects the responses of many small requests in a few files of the spool. */
export interface BundleService {
  /** Equal keys mean the same bundle: the key contains everything that determines its content and order. */
  open(request: {
    readonly key: string;
    /** The digest of the finished file. */
    readonly name: string;
    /** Aborts the wait for another process. */
    readonly signal: AbortSignal;
    /** Called while another process writes it. */
    readonly onWait?: () => void;
  }): Promise<OpenedBundle>;
}

/** What the engine does for a component, so that it need not do I/O itself. */
export interface Services {
  /**
   * Bytes of memory that the process may hold. Absent: it has no limit.
   *
   * @internal
   */
  readonly memoryBytes?: number;
  /** Reads sources over HTTP. */
  readonly http: HttpService;
  /** Sends requests that may change something at the other side, such as a login. */
  readonly api: ApiService;
  /** Reads and writes S3 buckets. */
  readonly s3: S3Service;
  /** @internal */
  readonly sftp: SftpService;
  /** Collects many small responses in a few files. */
  readonly bundles: BundleService;
  /** The folder of downloaded files. */
  readonly spool: SpoolService;
  /** The log of the worker. Its entries name the run and the step. */
  readonly logger: Logger;
}
