/** The writers that come with vocab-sync, by type; see readers/index.ts. */
import type { ComponentImports } from '../src/component/catalog.ts';
import type { Writer } from '../src/component/writer.ts';

export const writers: ComponentImports<Writer> = {
  elasticsearch: async () => (await import('./elasticsearch.ts')).elasticsearch,
  file: async () => (await import('./file.ts')).file,
  'invenio-bulk': async () => (await import('./invenio-bulk.ts')).invenioBulk,
  'invenio-rdm': async () => (await import('./invenio-rdm.ts')).invenioRdm,
  null: async () => (await import('./null.ts')).nothing,
  opensearch: async () => (await import('./opensearch.ts')).opensearch,
  postgres: async () => (await import('./postgres.ts')).postgres,
  'postgres-table': async () => (await import('./postgres-table.ts')).postgresTable,
  rest: async () => (await import('./rest.ts')).rest,
  solr: async () => (await import('./solr.ts')).solr,
  stdout: async () => (await import('./stdout.ts')).stdout,
  webhook: async () => (await import('./webhook.ts')).webhook,
};
