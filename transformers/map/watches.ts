/** What a mapping selects in records, declared once a record has come; see TransformerServices.watch. */
import type { TransformerServices } from '../../src/component/transformer.ts';

export interface Watches {
  /** Returns what to call when the selector of this name selects something in a record. */
  add(selector: string): () => void;
  /** Declares all selectors when the first live record arrives, because without records no selector can find anything. */
  begin(): void;
}

export function createWatches(watch: TransformerServices['watch']): Watches {
  const selectors: { readonly name: string; found: (() => void) | undefined }[] = [];
  let hasBegun = watch === undefined;
  return {
    add(name) {
      const selector = { name, found: undefined as (() => void) | undefined };
      selectors.push(selector);
      return () => {
        selector.found?.();
        selector.found = undefined;
      };
    },
    begin() {
      if (hasBegun) return;
      hasBegun = true;
      for (const selector of selectors) selector.found = watch?.(selector.name);
    },
  };
}
