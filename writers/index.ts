import type { Writer } from '../src/component/writer.ts';
import { elasticsearch } from './elasticsearch.ts';
import { file } from './file.ts';
import { invenioRdm } from './invenio-rdm.ts';
import { opensearch } from './opensearch.ts';
import { postgres } from './postgres.ts';
import { rest } from './rest.ts';
import { solr } from './solr.ts';

export const writers: readonly Writer[] = [elasticsearch, file, invenioRdm, opensearch, postgres, rest, solr];
