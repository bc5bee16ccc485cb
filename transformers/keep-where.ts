import { defineTransformer, skip } from '../src/component/transformer.ts';
import { createPredicate } from './where/create-predicate.ts';
import { WHERE_DESCRIPTION, whereArgs } from './where/where-args.ts';

export const keepWhere = defineTransformer({
  type: 'keep-where',
  version: 1,
  summary: 'Keeps the records for which an expression holds, and leaves out the others.',
  description: WHERE_DESCRIPTION,
  args: whereArgs('keep-where'),
  examples: [
    {
      title: 'Organisations of two countries',
      args: { expression: "contains(['AT', 'CH'], country)" },
      input: { id: '04d836q62', country: 'AT' },
      output: { id: '04d836q62', country: 'AT' },
    },
    {
      title: 'Records with an English title that do not end before 2020',
      args: { expression: "title.en && (!end_date || end_date >= '2020-01-01')" },
      input: { id: 'a1', title: { en: 'An award' }, end_date: '2021-06-30' },
      output: { id: 'a1', title: { en: 'An award' }, end_date: '2021-06-30' },
    },
  ],
  create: ({ expression, code }) => {
    const holds = createPredicate(expression);
    return (value, { isDeleted }) =>
      isDeleted === true || holds(value) ? value : skip(code, `${expression} does not hold for it`);
  },
});
