/** The one release of the Temporal CLI that vocab-sync installs by itself: server 1.29.1, Web UI 2.42.1. */

export const TEMPORAL_CLI_VERSION = '1.5.1';

/** Older servers lack activity pause without a flag and updates by default. */
export const OLDEST_SERVER = '1.28.0';

/** The last release whose Go module can be installed by name: later ones have `replace` directives. */
export const GO_MODULE = `github.com/temporalio/cli/cmd/temporal@v${TEMPORAL_CLI_VERSION}`;

/** SHA-256 of the archives of that release, by Node's platform and architecture. */
const ARCHIVE_DIGESTS: Readonly<Record<string, string>> = {
  'linux-x64': 'ddc95e08b0b076efd4ea9733a3f488eb7d2be875f8834e616cd2a37358b4852d',
  'linux-arm64': 'bd1b0db9f18b051026de8bf6cc1505f2510f14bbb7a8b9a4a91fff46c77454f5',
  'darwin-x64': 'bbb73e2a31135abe50a1f1cdb35030c42961df618e8ce9c60ae89f201540c5d9',
  'darwin-arm64': 'cca01b7ea35ad56e2a328d9ae596bf716bd22313ef63c7a761c88354457c2415',
};

export interface CliArchive {
  readonly url: string;
  readonly sha256: string;
}

/** Undefined for a platform without a pinned digest: what cannot be checked is not downloaded. */
export function archiveFor(platform: string, arch: string): CliArchive | undefined {
  const sha256 = ARCHIVE_DIGESTS[`${platform}-${arch}`];
  if (sha256 === undefined) return undefined;
  const file = `temporal_cli_${TEMPORAL_CLI_VERSION}_${platform}_${arch === 'x64' ? 'amd64' : arch}.tar.gz`;
  return { url: `https://github.com/temporalio/cli/releases/download/v${TEMPORAL_CLI_VERSION}/${file}`, sha256 };
}
