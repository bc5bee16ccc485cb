import { postgres } from './postgres.ts';

export const writers = [postgres];
