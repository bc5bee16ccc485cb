export interface PackageFacts {
  readonly version: string;
  readonly homepage?: string;
  readonly repository?: string | { readonly url?: string };
}

/** `vocab-sync/1.2.3 (+https://…)`: sources such as Zenodo throttle clients that do not say who they are. */
export function toUserAgent(facts: PackageFacts): string {
  const repository = typeof facts.repository === 'string' ? facts.repository : facts.repository?.url;
  const address = facts.homepage ?? repository?.replace(/^git\+/, '').replace(/\.git$/, '');
  const product = `vocab-sync/${facts.version}`;
  return address === undefined ? product : `${product} (+${address})`;
}
