/** drop-where and keep-where: what holds, what is left out, which mistakes are found before a run. */
import { describe, expect, it } from 'vitest';
import { dropWhere } from '../../transformers/drop-where.ts';
import { keepWhere } from '../../transformers/keep-where.ts';
import { Skip } from '../../src/component/transformer.ts';
import { RecordError } from '../../src/errors.ts';
import { refusalOf } from '../support/refusal-of.ts';
import { silentLogger } from '../support/silent-logger.ts';

function make(transformer: typeof dropWhere, args: unknown): (value: unknown, isDeleted?: boolean) => unknown {
  const transform = transformer.create(transformer.args.parse(args), { logger: silentLogger() });
  return (value, isDeleted = false) => transform(value, { origin: () => '', warn: () => undefined, isDeleted });
}

const holds = (expression: string, record: unknown): boolean => make(keepWhere, { expression })(record) === record;

const record = {
  id: 'a1',
  status: 'active',
  year: 2021,
  zero: 0,
  date: '2021-06-30',
  empty: { text: '', list: [], object: {}, nothing: null },
  country: 'AT',
  names: [
    { lang: 'de', value: 'Universität' },
    { lang: 'en', value: 'University' },
  ],
};

describe('an expression', () => {
  it.each([
    ["status == 'active'", true],
    ["status != 'active'", false],
    ['year >= `2020` && year < `2022`', true],
    ["date >= '2021-01-01' && date < '2022'", true],
    ["date < '2021'", false],
    ["contains(['AT', 'CH'], country)", true],
    ["contains(names[].lang, 'fr')", false],
    ["names[?lang == 'en' && starts_with(value, 'Uni')]", true],
    ["names[?lang == 'fr']", false],
    ['length(names) > `1`', true],
    ["!website && not_null(website, country) == 'AT'", true],
    ["names[-1].value | lower(@) == 'university'", true],
    ["country == 'AT' ? year : missing", true],
    ['missing > `1`', false],
    ['"the end"', false],
    ['zero', true],
    ['empty.text', false],
    ['empty.list', false],
    ['empty.object', false],
    ['empty.nothing', false],
    ['`false`', false],
  ])('%s: %s', (expression, expected) => {
    expect(holds(expression, record)).toBe(expected);
  });

  it('sees what the record holds and nothing of what every object has', () => {
    expect(holds('toString || constructor || __proto__', { id: 'a' })).toBe(false);
    expect(holds("__proto__ == 'x'", JSON.parse('{"__proto__": "x"}'))).toBe(true);
  });

  it('that cannot be asked of a record rejects that record, with the expression', () => {
    const error = refusalOf(() => make(dropWhere, { expression: "starts_with(name, 'x')" })({ id: 'a1' }));
    expect(error).toBeInstanceOf(RecordError);
    expect(error).toMatchObject({ code: 'E_RECORD_TYPE', details: { id: 'a1' } });
    expect(error.message).toContain(`"starts_with(name, 'x')"`);
    const mixed = refusalOf(() => holds("year >= '2020'", record));
    expect(mixed.message).toContain('the number 2021 and the text "2020" have no order');
  });
});

describe('a record', () => {
  it('is filtered under the code, with the expression', () => {
    const drop = make(dropWhere, { expression: "status == 'active'", code: 'active' });
    expect(drop(record)).toEqual(new Skip('active', "status == 'active' holds for it"));
    expect(drop({ status: 'withdrawn' })).toEqual({ status: 'withdrawn' });
    const keep = make(keepWhere, { expression: 'website' });
    expect(keep(record)).toEqual(new Skip('keep-where', 'website does not hold for it'));
  });

  it('that the source deleted passes, since it says little more than its id', () => {
    expect(make(dropWhere, { expression: '`true`' })({ id: 'a1' }, true)).toEqual({ id: 'a1' });
    expect(make(keepWhere, { expression: "starts_with(name, 'x')" })({ id: 'a1' }, true)).toEqual({ id: 'a1' });
  });
});

describe('a mistake is found before the run, with its place:', () => {
  it.each([
    ['', 1, 'it is empty'],
    ["status ='x'", 8, '= assigns'],
    ['a ==', 5, 'it ends too early'],
    ['a b', 3, '"b" does not belong there'],
    ["a == 'x' || )", 13, '")" does not belong there'],
    ['a..b', 3, '"." does not belong there'],
    ['length(a', 9, 'it ends too early'],
    ['a # b', 3, 'the character "#" means nothing'],
    ['a == `{"x":`', 6, 'what begins with ` is not complete'],
    ["a == 'x", 6, "the text that begins with ' does not end"],
    ['a == "x', 6, 'what begins with " is not complete'],
    ['lenght(a) > `1`', 1, 'the function lenght() is not available; did you mean "length"?'],
    ['a && sort_by(b, &c)', 6, 'the function sort_by() is not available'],
    ['starts_with(a)', 1, 'starts_with() takes 2 arguments, not 1'],
    ['contains(a, b)', 1, 'must be written out'],
    ['status == "active"', 11, `"active" is the name of a field; write 'active' for a text`],
    ['a & b', 3, '"&" does not belong there'],
    ['[a, b]', 1, 'a list may hold constants only'],
    ['{a: b}', 1, 'objects cannot be made here'],
    ['names[?lang == $.main]', 16, '$ is not available'],
    ['let $x = a in $x', 5, 'variables are not available'],
    ['a[::0]', 3, 'steps of 0'],
  ])('%s', (expression, at, message) => {
    const issues = keepWhere.args.safeParse({ expression }).error?.issues ?? [];
    expect(issues.map((issue) => issue.message)).toEqual([
      expect.stringContaining(`expected an expression in JMESPath, but at character ${String(at)}: `),
    ]);
    expect(issues[0]?.message).toContain(message);
  });

  it.each([
    ["pad_left(a, `1000000000`) == 'x'"],
    ["replace(a, 'a', 'aa') == 'x'"],
    ["join('', a) == 'x'"],
    ['to_array(a)'],
    ["trim(a) == 'x'"],
  ])('%s, which a record could make expensive', (expression) => {
    expect(dropWhere.args.safeParse({ expression }).success).toBe(false);
  });

  it('an expression that is too long, or nested without end', () => {
    expect(dropWhere.args.safeParse({ expression: `a${' || a'.repeat(500)}` }).success).toBe(false);
    expect(dropWhere.args.safeParse({ expression: '('.repeat(1900) }).success).toBe(false);
    const deep = `${'!'.repeat(1900)}a`;
    expect(dropWhere.args.safeParse({ expression: deep }).success).toBe(false);
    expect(holds(`${'!'.repeat(190)}a`, { a: 1 })).toBe(true);
  });
});

it('takes no longer for a hostile record than a walk through it', () => {
  const items = Array.from({ length: 200_000 }, (_, i) => ({ name: 'a'.repeat(20), tags: [i, `${String(i)}b`] }));
  const text = 'a'.repeat(4_000_000);
  const hostile = { items, text, deep: JSON.parse(`${'['.repeat(2_000)}${']'.repeat(2_000)}`) as unknown };
  const expressions = [
    "items[?tags[?starts_with(to_string(@), '7')]].tags[] | length(@) > `10`",
    "items[*].tags[*] | [] | [] | [?@ == 'x'] == `[]`",
    "contains(text, 'aaaaaaaaaaaaaaaaaaaaaaab') || items == items",
    'deep[][][][][][][][][][][][][][][][] == deep',
  ];
  const started = process.cpuUsage();
  for (const expression of expressions) holds(expression, hostile);
  expect(process.cpuUsage(started).user / 1e6).toBeLessThan(10);
});
