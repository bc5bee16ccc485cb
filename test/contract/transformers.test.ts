/** What every registered transformer keeps to, whatever it maps. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/cli/catalog.ts';
import { transformers } from '../support/shipped-components.ts';
import type { Warning } from '../../src/component/reader.ts';
import { Skip, type Transform, type Transformer } from '../../src/component/transformer.ts';
import { ConfigError, RecordError } from '../../src/errors.ts';
import { transformerChecks } from '../../src/plug-in/testing.ts';
import { silentLogger } from '../support/silent-logger.ts';

function create(transformer: Transformer, args: unknown): Transform {
  return transformer.create(transformer.args.parse(args), { logger: silentLogger() });
}

function context(): { origin: () => string; warn: (warning: Warning) => void } {
  return { origin: () => 'test:0', warn: () => undefined };
}

it('is registered by its type', () => {
  expect(transformers.map(({ type }) => type)).toEqual(catalog.transformers.types);
});

describe.each(transformers.map((transformer) => [transformer.type, transformer] as const))(
  'transformer %s',
  (_type, transformer) => {
    for (const { name, run } of transformerChecks(transformer)) it(name, run);

    it('throws nothing but a RecordError or a ConfigError for any JSON', () => {
      const transform = create(transformer, transformer.examples[0]?.args);
      const isMeant = (value: unknown): boolean => {
        try {
          const made = transform(value, context());
          return made instanceof Skip || made !== undefined;
        } catch (error) {
          return error instanceof RecordError || error instanceof ConfigError;
        }
      };
      fc.assert(fc.property(fc.jsonValue(), isMeant));
    });
  },
);
