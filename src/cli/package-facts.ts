/** Facts about this program from package.json. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PackageFacts } from '../http/to-user-agent.ts';
import { findPackageRoot } from '../job/package-root.ts';

export function packageFacts(): PackageFacts {
  return JSON.parse(readFileSync(join(findPackageRoot(), 'package.json'), 'utf8')) as PackageFacts;
}
