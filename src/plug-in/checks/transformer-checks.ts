/** The rules for every transformer. */
import assert from 'node:assert/strict';
import { Skip, type Transformer } from '../../component/transformer.ts';
import { ConfigError, RecordError } from '../../errors.ts';
import { deepFreeze } from '../../records/json-object.ts';
import { check, definitionChecks, type Check } from './check.ts';
import { silent } from './test-context.ts';

/** Returns the checks of a transformer, which run its examples. */
export function transformerChecks(transformer: Transformer): readonly Check[] {
  const create = (args: unknown) => {
    const transform = transformer.create(transformer.args.parse(args), { logger: silent });
    return (value: unknown) => transform(value, { origin: () => 'test:0', warn: () => undefined });
  };
  return [
    ...definitionChecks(transformer),
    ...transformer.examples.map(({ title, args, input, output }) =>
      check(`does what its example shows: ${title}`, () => {
        assert.deepEqual(structuredClone(create(args)(input)), structuredClone(output));
      }),
    ),
    check('gives the same for the same, text by text', () => {
      for (const { args, input } of transformer.examples) {
        const transform = create(args);
        const first = JSON.stringify(transform(input));
        assert.deepEqual([JSON.stringify(transform(input)), JSON.stringify(create(args)(input))], [first, first]);
      }
    }),
    check('never changes its input', () => {
      for (const { args, input } of transformer.examples) create(args)(deepFreeze(structuredClone(input)));
    }),
    check('throws nothing but a RecordError or a ConfigError, whatever it is given', () => {
      const transform = create(transformer.examples[0]?.args);
      for (const value of ODD_VALUES) {
        try {
          const made = transform(value);
          assert.ok(made instanceof Skip || made !== undefined, `undefined for ${JSON.stringify(value)}`);
        } catch (error) {
          if (!(error instanceof RecordError) && !(error instanceof ConfigError)) throw error;
        }
      }
    }),
  ];
}

/** Values that a source may have in place of a record. */
const ODD_VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -0, 1.5e300, '', ' ', 'x', '\u0000\ud800', [], {}, [[]], [null], [{}]],
  ...['id', 'name', 'title', 'names', 'identifiers', 'relationships', 'person'].flatMap((key) =>
    [null, 0, '', [], {}, [null], [0], [{}], { value: null }].map((value) => ({ [key]: value })),
  ),
  JSON.parse('{"__proto__": {"id": 1}, "constructor": null, "toString": 1}'),
  { id: 'x', a: { b: { c: [{ d: [[[[[]]]]] }] } } },
];
