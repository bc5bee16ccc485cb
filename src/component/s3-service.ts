/** How components read and write S3 buckets. */
import type { Download, DownloadRequest } from './download.ts';

/** A bucket and how it is reached. */
export interface S3Place {
  /** The name of the bucket. */
  readonly bucket: string;
  /** The address of the server. Absent: Amazon. */
  readonly endpoint?: string;
  /** Such as `eu-central-1`. */
  readonly region: string;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`. */
  readonly pathStyle: boolean;
  /** Absent: requests are anonymous. */
  readonly credentials?: {
    /** The access key id. */
    readonly accessKey: string;
    /** The secret access key. */
    readonly secretKey: string;
    /** For temporary credentials. */
    readonly sessionToken?: string;
  };
}

/** An object as a bucket lists it. */
export interface S3Object {
  /** Its name in the bucket. */
  readonly key: string;
  /** Its size. */
  readonly bytes: number;
  /** Its version, as the server marks it. */
  readonly etag: string;
  /** When it was written. */
  readonly lastModified: Date;
}

/** An object that is being read. */
export interface S3Answer {
  /** Its size, if the server gives it. */
  readonly bytes: number | undefined;
  /** Its version, if the server gives it. */
  readonly etag: string | undefined;
  /** When it was written, if the server gives it. */
  readonly lastModified: Date | undefined;
  /** To be read once. */
  readonly body: AsyncIterable<Buffer>;
  /** Ends the connection. Must be called unless the body was read to its end. */
  close(): void;
}

/** An object that exists. */
export interface S3Stored {
  /** Its size. */
  readonly bytes: number;
  /** Its version, as the server marks it. */
  readonly etag: string;
}

/** An object that grows part by part and is invisible until `complete`. */
export interface S3Upload {
  /** Holds at most one part in memory. */
  write(chunk: Buffer): Promise<void>;
  /** Sends everything that is held. Throws UnavailableError E_LEASE_LOST if another upload of the same target has begun. */
  seal(): Promise<void>;
  /** Replaces the object by the complete new one in one step. */
  complete(): Promise<void>;
  /** After `complete` it does nothing. Before, nothing of the object remains. */
  abort(): Promise<void>;
}

/** How an object is written. */
export interface S3WriteOptions {
  /** Aborts the upload. Nothing of the object remains. */
  readonly signal: AbortSignal;
  /** The media type, such as `application/json`. */
  readonly contentType: string;
}

/**
 * A bucket as a target. Throws UnavailableError E_TARGET_UNAVAILABLE or E_DISK_FULL for transient errors, and
 * ConfigError E_TARGET_FORBIDDEN if the server refuses.
 */
export interface S3Target {
  /** Returns undefined if there is no such object. */
  find(place: S3Place, key: string, signal: AbortSignal): Promise<S3Stored | undefined>;
  /** Yields the bytes of an object. */
  read(place: S3Place, key: string, signal: AbortSignal): AsyncIterable<Buffer>;
  /** Returns the keys that begin with `prefix`. */
  list(place: S3Place, prefix: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Ends uploads of keys that `isOwn` accepts and that a killed worker left incomplete. */
  clear(place: S3Place, prefix: string, isOwn: (key: string) => boolean, signal: AbortSignal): Promise<void>;
  /** Begins to write an object. */
  upload(place: S3Place, key: string, options: S3WriteOptions): Promise<S3Upload>;
  /** Writes an object of at most a few megabytes in one step. */
  put(place: S3Place, key: string, content: Buffer, options: S3WriteOptions): Promise<void>;
  /** Removes an object. A missing one is no error. */
  remove(place: S3Place, key: string, signal: AbortSignal): Promise<void>;
}

/** Reads buckets. Throws UnavailableError, SourceError (not there, forbidden, changed) or ConfigError (host). */
export interface S3Service {
  /** Writes buckets. */
  readonly target: S3Target;
  /** Lists objects in the order of the keys, page by page. */
  list(
    place: S3Place,
    options: { readonly prefix?: string; readonly signal: AbortSignal },
  ): AsyncIterable<readonly S3Object[]>;
  /** Opens an object. With `etag`, only this version of it. */
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
