/** What every registered transformer keeps to, whatever it maps. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { transformers } from '../../transformers/index.ts';
import type { Warning } from '../../src/component/reader.ts';
import { Skip, type Transform, type Transformer } from '../../src/component/transformer.ts';
import { ConfigError, RecordError } from '../../src/errors.ts';
import { deepFreeze } from '../../src/records/json-object.ts';
import { silentLogger } from '../support/silent-logger.ts';

function create(transformer: Transformer, args: unknown): Transform {
  return transformer.create(transformer.args.parse(args), { logger: silentLogger() });
}

function context(): { origin: () => string; warn: (warning: Warning) => void } {
  return { origin: () => 'test:0', warn: () => undefined };
}

it('registers each type once', () => {
  const types = transformers.map(({ type }) => type);
  expect(types).toEqual([...new Set(types)]);
});

describe.each(transformers.map((transformer) => [transformer.type, transformer] as const))(
  'transformer %s',
  (type, transformer) => {
    it('has a complete spec', () => {
      expect(type).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
      expect(transformer.version).toBeGreaterThanOrEqual(1);
      expect(transformer.summary).toMatch(/^[A-Z].*\.$/);
      expect(transformer.description ?? '').toMatch(/\.$/);
      expect(transformer.examples.length).toBeGreaterThan(0);
    });

    it.each(transformer.examples.map((example) => [example.title, example] as const))(
      'does what its example shows: %s',
      (_title, { args, input, output }) => {
        const made = create(transformer, args)(input, context());
        expect(made).toEqual(output);
      },
    );

    it('refuses an argument that it does not know', () => {
      const args = { ...(transformer.examples[0]?.args as object), no_such_argument: 1 };
      expect(transformer.args.safeParse(args).error?.issues).toMatchObject([{ code: 'unrecognized_keys' }]);
    });

    it('describes its arguments for editors, each with a sentence', () => {
      const schema = z.toJSONSchema(transformer.args, { io: 'input' }) as {
        additionalProperties?: unknown;
        properties?: Record<string, { description?: string }>;
      };
      expect(schema.additionalProperties).toBe(false);
      for (const property of Object.values(schema.properties ?? {})) expect(property.description ?? '').toMatch(/\.$/);
    });

    it('gives the same JSON text for the same value, and remembers nothing', () => {
      for (const { args, input } of transformer.examples) {
        const run = (transform: Transform) => JSON.stringify(transform(input, context()));
        const transform = create(transformer, args);
        const first = run(transform);
        expect([run(transform), run(create(transformer, args))]).toEqual([first, first]);
      }
    });

    it('never changes its input', () => {
      for (const { args, input } of transformer.examples) {
        const frozen = deepFreeze(structuredClone(input));
        create(transformer, args)(frozen, context());
        expect(frozen).toEqual(input);
      }
    });

    it('throws nothing but a RecordError or a ConfigError, whatever it is given', () => {
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
