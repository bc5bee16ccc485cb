/**
 * Keeps compiled code between starts, where Node can (22.1 and later). The cache is in the home directory of the user:
 * Node's own default is in the shared temporary directory, where another user could put code into it.
 */
import nodeModule from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Types of Node 20 do not have it. */
interface CodeCache {
  enableCompileCache?(directory?: string): unknown;
}

/** Does nothing where Node has no such cache, or where the directory cannot be written. */
export function enableCodeCache(directory: string = join(homedir(), '.cache', 'vocab-sync', 'code')): void {
  (nodeModule as CodeCache).enableCompileCache?.(directory);
}
