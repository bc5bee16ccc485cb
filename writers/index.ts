import type { Writer } from '../src/component/writer.ts';
import { file } from './file.ts';
import { postgres } from './postgres.ts';

export const writers: readonly Writer[] = [file, postgres];
