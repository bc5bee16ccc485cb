import { defineIndexWriter } from './search-index/define-index-writer.ts';

export const elasticsearch = defineIndexWriter(
  'elasticsearch',
  'Elasticsearch',
  'Tested with Elasticsearch 7.17. The requests are the same in versions 8 and 9.',
);
