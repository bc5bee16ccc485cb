import 'vitest';

declare module 'vitest' {
  /** What test/support/global-setup.ts hands to the files of the `server` project. */
  export interface ProvidedContext {
    postgres: { readonly url: string; readonly template: string | undefined } | { readonly missing: string };
    temporal:
      | { readonly address: string; readonly namespace: string; readonly uiUrl: string; readonly cliPath: string }
      | { readonly missing: string };
  }
}
