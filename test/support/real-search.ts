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

/** A Solr whose address ends with its collection, such as http://127.0.0.1:8983/solr/vocab. The collection is emptied. */
export function realSolrServer(): { readonly url: URL; readonly collection: string } | undefined {
  const address = process.env['VOCAB_SYNC_TEST_SOLR_URL'];
  if (address === undefined) {
    process.stderr.write('\nSKIPPED: tests on a real solr, because VOCAB_SYNC_TEST_SOLR_URL is not set.\n\n');
    return undefined;
  }
  const cut = address.lastIndexOf('/');
  return { url: new URL(address.slice(0, cut)), collection: address.slice(cut + 1) };
}
