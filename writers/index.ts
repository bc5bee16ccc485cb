import type { Writer } from '../src/component/writer.ts';
import { file } from './file.ts';
import { invenioRdm } from './invenio-rdm.ts';
import { postgres } from './postgres.ts';
import { rest } from './rest.ts';

export const writers: readonly Writer[] = [file, invenioRdm, postgres, rest];
