/** The real search servers of this machine, where an environment variable names them. */
export interface RealSearch {
  readonly type: 'opensearch' | 'elasticsearch';
  readonly variable: string;
  readonly url: string | undefined;
}

export function realSearchServers(): readonly RealSearch[] {
  const servers = [
    { type: 'opensearch', variable: 'VOCAB_SYNC_TEST_OPENSEARCH_URL' },
    { type: 'elasticsearch', variable: 'VOCAB_SYNC_TEST_ELASTICSEARCH_URL' },
  ] as const;
  return servers.map((server) => {
    const url = process.env[server.variable];
    if (url === undefined)
      process.stderr.write(`\nSKIPPED: tests on a real ${server.type}, because ${server.variable} is not set.\n\n`);
    return { ...server, url };
  });
}
