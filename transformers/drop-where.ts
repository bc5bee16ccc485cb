import { defineTransformer, skip } from '../src/component/transformer.ts';
import { createPredicate } from './where/create-predicate.ts';
import { WHERE_DESCRIPTION, whereArgs } from './where/where-args.ts';

export const dropWhere = defineTransformer({
  type: 'drop-where',
  version: 1,
  summary: 'Leaves out the records for which an expression holds.',
  description: WHERE_DESCRIPTION,
  args: whereArgs('drop-where'),
  examples: [
    {
      title: 'Keeps the organisations that are not withdrawn',
      args: { expression: "status == 'withdrawn'", code: 'withdrawn' },
      input: { id: '04d836q62', status: 'active' },
      output: { id: '04d836q62', status: 'active' },
    },
    {
      title: 'A condition on the items of a list',
      args: { expression: "identifiers[?scheme == 'pic']" },
      input: { id: '04d836q62', identifiers: [{ scheme: 'ror', identifier: '04d836q62' }] },
      output: { id: '04d836q62', identifiers: [{ scheme: 'ror', identifier: '04d836q62' }] },
    },
  ],
  create: ({ expression, code }) => {
    const holds = createPredicate(expression);
    return (value, { isDeleted }) =>
      isDeleted !== true && holds(value) ? skip(code, `${expression} holds for it`) : value;
  },
});
