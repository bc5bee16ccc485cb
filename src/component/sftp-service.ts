/** How readers read SFTP servers. */
import type { Download, DownloadRequest } from './download.ts';

/**
 * An SFTP server, and how a client logs in and recognises it.
 *
 * @internal
 */
export interface SftpPlace {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password?: string | undefined;
  /** The text of a private key. */
  readonly privateKey?: string | undefined;
  readonly passphrase?: string | undefined;
  /** Accepted host keys, as `SHA256:…`. Empty: those in `knownHosts`. */
  readonly hostKeys: readonly string[];
  /** A file as OpenSSH writes it. Absent: the files that `ssh` reads on this machine. */
  readonly knownHosts?: string | undefined;
}

/** @internal */
export interface SftpFile {
  /** Its whole path on the server. */
  readonly path: string;
  readonly bytes: number;
  /** SFTP knows whole seconds only. */
  readonly modified: Date;
}

/**
 * To be closed. A connection that breaks is opened again by the next call.
 *
 * @internal
 */
export interface SftpSession {
  /** Returns `folder` for a folder. Throws SourceError if there is nothing. */
  find(path: string, signal: AbortSignal): Promise<SftpFile | 'folder'>;
  /** Yields the regular files of a folder, also those that a link leads to, in the order of the server. */
  list(path: string, signal: AbortSignal): AsyncIterable<readonly SftpFile[]>;
  /**
   * Downloads into the spool, resumably. Throws SourceError E_SOURCE_CHANGED if the file has another size or time of
   * change than `file`, also at the end of the download. `tag` marks a version that size and time do not tell apart.
   */
  download(
    file: SftpFile,
    options: Pick<DownloadRequest, 'maxBytes' | 'signal' | 'onProgress'> & { readonly tag?: string | undefined },
  ): Promise<Download>;
  close(): void;
}

/** @internal */
export interface SftpService {
  /**
   * Throws ConfigError for a host that is not allowed, a private key that cannot be used, or an unknown host key. Nothing
   * is sent to the server before its host key is verified.
   */
  open(place: SftpPlace, signal: AbortSignal): Promise<SftpSession>;
}
