import { defineIndexWriter } from './search-index/define-index-writer.ts';

export const opensearch = defineIndexWriter('opensearch', 'OpenSearch', 'Tested with OpenSearch 2.19.');
