/** What the engine lends to a component. Components import nothing that does I/O of its own. */
import type { Resource } from './resource.ts';

/** Structured and levelled; the message is a constant sentence, variables are fields. */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
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
  /** What the source announced; checked when given. */
  readonly expected?: { readonly bytes?: number; readonly digest?: string };
  /** Media types that are accepted in the answer, e.g. `application/zip`; an HTML page is refused unless listed. */
  readonly accept?: readonly string[];
  readonly maxBytes?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: { readonly bytes: number; readonly total?: number }) => void;
}

export interface HttpAnswer {
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
      readonly headers?: Record<string, string>;
      readonly method?: 'GET' | 'HEAD';
    },
  ): Promise<HttpAnswer>;
  /** Into the spool: resumable by Range and ETag, checked, complete or not there. */
  download(request: DownloadRequest): Promise<Download>;
}

export interface SpoolService {
  /** A file with the bytes of the resource, for a reader that needs random access. Removed by `release`. */
  materialise(resource: Resource, signal: AbortSignal): Promise<{ path: string; release(): Promise<void> }>;
}

export interface Services {
  readonly http: HttpService;
  readonly spool: SpoolService;
  readonly logger: Logger;
}
