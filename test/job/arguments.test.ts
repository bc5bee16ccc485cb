import { describe, expect, it } from 'vitest';
import { createEffectiveJob, type EffectiveInput } from '../../src/job/effective/effective-job.ts';
import { explainConfig } from '../../src/job/effective/explain-config.ts';
import { parseArguments } from '../../src/job/effective/parse-arguments.ts';
import { fakeCatalog as catalog } from '../support/fake-components.ts';
import { refusalOf, rejectionOf } from '../support/refusal-of.ts';
import { check, GOOD, said } from './check-text.ts';

const JOB = {
  ...GOOD,
  id: 'awards',
  arguments: {
    type: 'object',
    properties: {
      programme: { type: 'string', enum: ['HE', 'FP7'] },
      year: { type: 'integer', minimum: 2000 },
      statuses: { type: 'array', items: { type: 'string' }, default: ['active'] },
      live: { type: 'boolean' },
    },
    required: ['programme'],
  },
  readers: [
    { type: 'http', args: { url: 'https://example.org/${args.programme}/${args.year}.json' } },
    { type: 'json', args: { max_record_bytes: { $arg: 'year' } } },
  ],
  transformers: [{ type: 'ror-affiliations', args: { statuses: { $arg: 'statuses' } } }],
};

const effective = (over: Partial<EffectiveInput> = {}, config: object = JOB) =>
  createEffectiveJob({ config: JSON.stringify(config), catalog, vocabularies: new Set(['affiliations']), ...over });
const GIVEN = { programme: 'HE', year: 2026 };

describe('--arg', () => {
  it('reads each value as the type that is declared', () => {
    expect(parseArguments(['programme=HE', 'year=2026', 'statuses=["a","b=c"]', 'live=true'], JOB)).toEqual({
      programme: 'HE',
      year: 2026,
      statuses: ['a', 'b=c'],
      live: true,
    });
    const declared = (schema: object) => ({ arguments: { type: 'object', properties: { x: schema } } });
    expect(parseArguments(['x=007'], declared({ type: 'string' }))).toEqual({ x: '007' });
    expect(parseArguments(['x=7'], declared({ enum: [7, 8] }))).toEqual({ x: 7 });
    expect(parseArguments(['x=7'], declared({ enum: ['7'] }))).toEqual({ x: '7' });
    // As a number it would be another one: ...992. The text is refused with what was typed.
    expect(parseArguments(['x=9007199254740993'], declared({ type: 'integer' }))).toEqual({ x: '9007199254740993' });
    expect(parseArguments(['x=[1, 12345678901234567890, 1e400]'], declared({ type: 'array' }))).toEqual({
      x: [1, '12345678901234567890', '1e400'],
    });
    expect(parseArguments(['x='], declared({ type: ['string', 'null'] }))).toEqual({ x: '' });
  });

  it.each([
    [['programme'], 'expected --arg NAME=VALUE, found "programme"'],
    [['=HE'], 'expected --arg NAME=VALUE, found "=HE"'],
    [['programm=HE'], 'no argument is called "programm"; did you mean "programme"?'],
    [['colour=red'], 'no argument is called "colour"; the job declares programme, year, statuses, live'],
    [['year=1', 'year=2'], '--arg year is given twice'],
    [['__proto__=1'], 'no argument is called "__proto__"'],
  ])('%j is refused', (written, says) => {
    const error = refusalOf(() => parseArguments(written, JOB));
    expect(error.code).toBe('E_ARGUMENTS_INVALID');
    expect(error.message).toContain(says);
  });

  it.each([
    [{ ...GIVEN, year: 'soon' }, '/args/year: expected an integer, found the text "soon"'],
    [{ ...GIVEN, programme: 'H2020' }, '/args/programme: expected one of "HE", "FP7", found the text "H2020"'],
    [{ ...GIVEN, year: 1999 }, '/args/year: expected a value that must be >= 2000, found the number 1999'],
    [{ ...GIVEN, statuses: ['a', 1] }, '/args/statuses/1: expected a text, found the number 1'],
    [{ programme: 'HE' }, '/args/year: the argument "year" has no value: put it into "args"'],
    [{ ...GIVEN, live: { $secret: 'env:DATABASE_URL' } }, '/args/live: an argument is a plain value'],
  ])('%j does not start a run', async (args, says) => {
    const error = await rejectionOf(effective({ args }));
    expect(error.code).toBe('E_ARGUMENTS_INVALID');
    expect(error.message).toContain(says);
  });
});

describe('arguments in a config', () => {
  const partsOf = async (args: Record<string, unknown>, config: object = JOB) => {
    const [task] = (await effective({ args }, config)).job.tasks;
    return [...(task?.readers ?? []), ...(task?.transformers ?? [])].map((component) => component.args);
  };

  it('keep their type in a reference, and are text inside a text', async () => {
    expect(await partsOf(GIVEN)).toEqual([
      { url: 'https://example.org/HE/2026.json' },
      { max_record_bytes: 2026 },
      { statuses: ['active'] },
    ]);
  });

  it('are not evaluated in any other way, nor a second time', async () => {
    const headers = { a: '${args.name}', b: '${env.HOME} ${1+1} $args.name ${ args.name }', c: '{{name}}' };
    const config = {
      ...GOOD,
      arguments: { type: 'object', properties: { name: { type: 'string' }, other: { type: 'string' } } },
      readers: [{ type: 'http', args: { url: 'https://example.org/', headers } }, { type: 'json' }],
    };
    const [http] = await partsOf({ name: '${args.other}', other: 'x' }, config);
    expect(http).toMatchObject({ headers: { ...headers, a: '${args.other}' } });
  });

  it('stop with a sentence where a text cannot hold them, or nobody declared them', async () => {
    const reading = (url: string) => ({ ...JOB, readers: [{ type: 'http', args: { url } }, { type: 'json' }] });
    expect(await said({ ...reading('https://e.org/${args.statuses}'), args: GIVEN })).toEqual([
      '/readers/0/args/url: expected a text, a number, true or false for "${args.statuses}" inside a text, found a list of 1; {"$arg": "statuses"} in place of the whole text keeps it as it is',
    ]);
    expect(await said({ ...reading('https://e.org/${args.yeer}'), args: GIVEN })).toEqual([
      '/readers/0/args/url: no argument is called "yeer"; did you mean "year"?',
    ]);
  });

  it('without a value are a warning in a file, and an error where a schedule starts it', async () => {
    expect((await check(JOB)).problems.map(({ severity, pointer }) => `${severity} ${pointer}`)).toEqual([
      'warning /args/programme',
      'warning /args/year',
    ]);
    const scheduled = await check({ ...JOB, args: { programme: 'HE' }, schedule: { type: 'interval', days: 1 } });
    expect(scheduled.job).toBeUndefined();
    expect(scheduled.problems.find(({ severity }) => severity === 'error')?.message).toBe(
      'the argument "year" has no value, and a run started by the schedule is given none: put it into "args", give its declaration a "default"',
    );
  });

  it('in a file have to be declared', async () => {
    expect(await said({ ...JOB, args: { ...GIVEN, yaer: 1 } })).toEqual([
      '/args/yaer: unknown key "yaer"; did you mean "year"?',
    ]);
  });
});

it('explains where every argument comes from: stored args, --arg, custom args, default', async () => {
  const run = await effective(
    { args: { year: 2025 }, customArgs: { args: { live: true }, transformers: {} } },
    { ...JOB, args: { programme: 'HE', year: 2024, live: false } },
  );
  const told = Object.fromEntries(
    explainConfig({ effective: run, catalog }).map(({ pointer, origin, value, argument }) => [
      pointer,
      [origin, value, ...(argument === undefined ? [] : [argument])],
    ]),
  );
  expect(told).toMatchObject({
    '/args/programme': ['stored args', 'HE'],
    '/args/year': ['--arg', 2025],
    '/args/live': ['custom args', true],
    '/args/statuses/0': ['default', 'active'],
    '/readers/0/args/url': ['job file', 'https://example.org/HE/2025.json', 'programme, year'],
    '/readers/1/args/max_record_bytes': ['--arg', 2025, 'year'],
    '/transformers/0/args/statuses': ['default', ['active'], 'statuses'],
    '/readers/0/type': ['job file', 'http'],
  });
});
