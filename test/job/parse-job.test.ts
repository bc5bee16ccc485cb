import { describe, expect, it } from 'vitest';
import { GOOD, check, said } from './check-text.ts';

describe('a job file that is right', () => {
  it('gives the normalised job and no problem', async () => {
    const { job, problems } = await check({
      ...GOOD,
      schedule: { type: 'crontab', cron: '30 3 * * 1', timezone: 'Europe/Zurich' },
    });
    expect(problems).toEqual([]);
    expect(job).toEqual({
      id: 'ror-affiliations',
      title: 'Load ROR affiliations',
      active: true,
      queue: 'vocab-sync',
      schedule: {
        type: 'crontab',
        cron: '30 3 * * 1',
        timezone: 'Europe/Zurich',
        days: 'either',
        jitter_seconds: 0,
        overlap: 'skip',
        catchup_window_seconds: 3600,
      },
      approval_days: 14,
      reminder_days: 1,
      accept_partial: false,
      notify: [],
      tasks: [
        {
          name: 'main',
          needs: [],
          vocabulary: 'affiliations',
          readers: [
            { type: 'ror-http', args: {} },
            { type: 'zip', args: { regex: 'data' } },
            { type: 'json', args: {} },
          ],
          transformers: [{ type: 'ror-affiliations', args: {} }],
          writers: [{ type: 'postgres', args: { table: 'affiliations', on_missing: 'withdraw' } }],
          guards: {},
        },
      ],
    });
  });

  it('puts the tasks into the order of their needs and hands job-wide guards down', async () => {
    const { readers, writers, transformers } = GOOD;
    const funders = [{ type: 'postgres', args: { table: 'funders' } }];
    const { job, problems } = await check({
      id: 'both',
      title: 'Both',
      guards: { min_records: 10, max_shrink_percent: 5 },
      tasks: {
        second: { needs: ['first'], vocabulary: 'funders', readers, writers: funders, guards: { min_records: 3 } },
        first: { vocabulary: 'affiliations', readers, transformers, writers },
      },
    });
    expect(problems).toEqual([]);
    expect(job?.tasks.map(({ name, guards }) => [name, guards])).toEqual([
      ['first', { min_records: 10, max_shrink_percent: 5 }],
      ['second', { min_records: 3, max_shrink_percent: 5 }],
    ]);
  });

  it('runs every task once for each combination of the matrix', async () => {
    const { job, problems } = await check({
      ...GOOD,
      matrix: { programme: ['HE', 'FP7'], year: [1, 2] },
      readers: [
        { type: 'http', args: { url: 'https://example.org/', headers: { p: { $arg: 'programme' } } } },
        { type: 'json' },
      ],
      writers: [{ type: 'postgres', args: { table: 'affiliations' } }],
    });
    expect(problems).toEqual([]);
    expect(job?.tasks.map(({ name }) => name)).toEqual([
      'main[programme=HE,year=1]',
      'main[programme=HE,year=2]',
      'main[programme=FP7,year=1]',
      'main[programme=FP7,year=2]',
    ]);
    expect(job?.tasks[2]?.readers[0]?.args).toEqual({ url: 'https://example.org/', headers: { p: 'FP7' } });
  });

  it('reads the five keys and the intervals of InvenioRDM as schedules', async () => {
    const five = { type: 'crontab', minute: '0', hour: 3, day_of_month: '*', month_of_year: '*', day_of_week: 'mon' };
    expect((await check({ ...GOOD, schedule: five })).job?.schedule).toMatchObject({
      type: 'crontab',
      cron: '0 3 * * mon',
      timezone: 'UTC',
    });
    const weekly = { type: 'interval', weeks: 1, hours: 0, offset: { days: 1 } };
    expect((await check({ ...GOOD, schedule: weekly })).job?.schedule).toMatchObject({
      type: 'interval',
      every_seconds: 604_800,
      offset_seconds: 86_400,
    });
  });
});

describe('mistakes', () => {
  it('are all named at once, each with its line', async () => {
    const text = `{
  "id": "ROR Affiliations",
  "titel": "Load ROR affiliations",
  "vocabulary": "affilations",
  "readers": [
    { "type": "ror-htpp" },
    { "type": "zip", "args": { "regexp": "x", "max_ratio": "many" } }
  ],
  "writers": [
    { "type": "postgres", "args": { "table": "1; drop table", "on_missing": "withdrawn" } },
    { "type": "http" }
  ],
  "guards": { "min_records": -1, "max_shrink": 5, "max_rejected_percent": 101 },
  "schedule": { "type": "cron", "cron": "0 3 * * 1" },
  "active": "yes",
  "queue": "vocab-sync",
}`;
    const { job, problems } = await check(text);
    expect(job).toBeUndefined();
    expect(problems.map(({ line, pointer, message }) => `${String(line)} ${pointer} ${message}`)).toEqual([
      '1 /title missing: expected a text',
      '2 /id expected 1 to 64 lower-case letters, digits and single hyphens, such as "ror-affiliations", found the text "ROR Affiliations"',
      '3 /titel unknown key "titel"; did you mean "title"?',
      '4 /vocabulary no record schema is called "affilations" (there are: affiliations, funders); its records are published unchecked; did you mean "affiliations"?',
      '6 /readers/0/type no reader is called "ror-htpp"; did you mean "ror-http"?',
      '7 /readers/1 "zip" emits bytes, but nothing turns them into records: add json or jsonl after it',
      '7 /readers/1/args/regexp unknown key "regexp"; did you mean "regex"?',
      '7 /readers/1/args/max_ratio expected a number, found the text "many"',
      '10 /writers/0/args/on_missing expected one of "keep", "withdraw", found the text "withdrawn"; did you mean "withdraw"?',
      '11 /writers/1/type no writer is called "http"; it is a reader and belongs into "readers"',
      '13 /guards/min_records expected a number of at least 0, found the number -1',
      '13 /guards/max_shrink unknown key "max_shrink"; did you mean "max_shrink_percent"?',
      '13 /guards/max_rejected_percent expected a number of at most 100, found the number 101',
      '14 /schedule/type expected one of "interval", "crontab", found the text "cron"; did you mean "crontab"?',
      '15 /active expected true or false, found the text "yes"',
      '17  a comma is before the closing bracket; JSON has no trailing commas',
    ]);
    expect(problems.find(({ pointer }) => pointer === '/readers/1/args/regexp')).toMatchObject({
      line: 7,
      column: 32,
      suggestion: 'regex',
      found: 'the key "regexp"',
    });
  });

  it.each([
    [
      'nothing before a container',
      [{ type: 'zip' }, { type: 'json' }],
      '/readers/0: "zip" needs bytes to read, but nothing stands before it: begin the chain with file, http, ror-http or changes-http',
    ],
    [
      'a source in the middle',
      [{ type: 'ror-http' }, { type: 'ror-http' }, { type: 'json' }],
      '/readers/1: "ror-http" fetches a source by itself and takes nothing from a reader before it: it can only stand first',
    ],
    [
      'a source that reads its own answers in the middle',
      [
        { type: 'http', args: { url: 'https://example.org/' } },
        { type: 'changes-feed', args: { url: 'https://example.org/' } },
      ],
      '/readers/1: "changes-feed" fetches a source by itself and takes nothing from a reader before it: it can only stand first',
    ],
    [
      'a parser after a source that reads its own answers',
      [{ type: 'changes-feed', args: { url: 'https://example.org/' } }, { type: 'json' }],
      '/readers/1: "json" takes bytes, but "changes-feed" before it has made records of them already: remove one of the two',
    ],
    [
      'a reader after the parser',
      [{ type: 'ror-http' }, { type: 'json' }, { type: 'zip' }, { type: 'json' }],
      '/readers/2: "zip" takes bytes, but "json" before it has made records of them already: remove one of the two',
    ],
    ['no reader', [], '/readers: expected a list of at least 1 item, found an empty list'],
    ['a reader that is a text', ['json'], '/readers/0: expected an object, found the text "json"'],
    ['a reader without type', [{ args: {} }], '/readers/0/type: missing: expected a text'],
    [
      'another key beside args',
      [{ type: 'ror-http', arg: {} }, { type: 'json' }],
      '/readers/0/arg: unknown key "arg"; did you mean "args"?',
    ],
    [
      'an argument outside args',
      [{ type: 'file', path: 'x.json' }, { type: 'json' }],
      '/readers/0/path: unknown key "path" beside "type"; the arguments of a component stand inside "args"',
    ],
    [
      'args that are a list',
      [{ type: 'ror-http', args: [] }, { type: 'json' }],
      '/readers/0/args: expected an object, found an empty list',
    ],
    ['a missing arg', [{ type: 'file' }, { type: 'json' }], '/readers/0/args/path: missing: expected a text'],
  ])('%s', async (_, readers, expected) => {
    expect(await said({ ...GOOD, readers })).toContain(expected);
  });

  it('asks for exactly one form of pipelines', async () => {
    const { id, title } = GOOD;
    expect(await said({ id, title })).toContain(
      '/readers: missing: expected "readers", a list of components (or "tasks" with several pipelines)',
    );
    expect(await said({ ...GOOD, tasks: {} })).toEqual(
      expect.arrayContaining([
        '/readers: "readers" and "tasks" exclude each other: put the list into one of the tasks',
        '/tasks: expected at least one task, found an object',
      ]),
    );
  });

  it('finds needs that are unknown or go round in a circle', async () => {
    const { readers } = GOOD;
    const task = (needs: string[], table: string) => ({
      needs,
      vocabulary: 'funders',
      readers,
      writers: [{ type: 'postgres', args: { table } }],
    });
    const tasks = { one: task(['three'], 'a'), two: task(['one', 'on'], 'b'), three: task(['two'], 'c') };
    expect(await said({ id: 'x', title: 'X', tasks })).toEqual([
      '/tasks/one/needs: the tasks wait for each other: one → three → two → one',
      '/tasks/two/needs/1: no task is called "on"; did you mean "one"?',
    ]);
  });

  it('refuses withdrawal where the source only says what changed', async () => {
    const found = (await check({ ...GOOD, readers: [{ type: 'changes-http' }, { type: 'json' }] })).problems;
    expect(found).toMatchObject([{ severity: 'error', pointer: '/writers/0/args/on_missing', suggestion: 'keep' }]);
    expect(found[0]?.line).toBe(23);
    const feed = { type: 'changes-feed', args: { url: 'https://example.org/' } };
    for (const readers of [[feed], [{ type: 'file', args: { path: 'answers.xml' } }, feed]]) {
      expect(await said({ ...GOOD, readers })).toEqual([
        '/writers/0/args/on_missing: "changes-feed" delivers only what changed, so a record that is missing has not been removed: set "on_missing" to "keep"',
      ]);
    }
  });

  it('refuses one target twice, and tables that are no plain names', async () => {
    const writers = [
      { type: 'postgres', args: { table: 'affiliations' } },
      { type: 'postgres', args: { table: 'affiliations' } },
      { type: 'postgres', args: { table: 'Robert"; drop' } },
    ];
    expect(await said({ ...GOOD, writers })).toEqual([
      '/writers/1: publishes to postgres:affiliations, and so does /writers/0: one of the two is enough',
      '/writers/2/args/table: expected a table name of lower-case letters, digits and underscores, at most 63, not beginning with a digit, found "Robert\\"; drop"',
    ]);
  });

  it('warns of records that nobody will check', async () => {
    const { vocabulary, ...rest } = GOOD;
    expect(vocabulary).toBe('affiliations');
    const { job, problems } = await check(rest);
    expect(job).toBeDefined();
    expect(problems).toMatchObject([{ severity: 'warning', pointer: '' }]);
  });
});

describe('syntax', () => {
  it.each([
    ['', 'expected a JSON object, found nothing'],
    ['[]', 'expected a job: a JSON object, found an empty list'],
    ['"x"', 'expected a job: a JSON object, found the text "x"'],
    ['{ "id": "a" /* why */ }', 'comments are not JSON; put the words into "description"'],
    ['{ "id": "a" "title": "b" }', 'expected a comma between two values'],
    [
      "{ 'id': 1 }",
      'this is not JSON: names and texts stand in double quotes; values are true, false, null or a number',
    ],
    ['{ "id": "a', 'the text is not closed by a double quote on its line'],
    ['{ "id": "a"', 'expected a closing brace }: the text ends, or continues, before the object is closed'],
    ['{ "regex": "\\.json" }', 'this escape does not exist in JSON; a backslash itself is written \\\\'],
    ['{ "id": "a", "id": "b" }', 'the key "id" appears a second time here; keep one of the two'],
    ['['.repeat(200_000), 'the JSON is nested too deeply to be part of a job'],
    [
      `{"id": "${'x'.repeat(1_100_000)}"}`,
      'expected at most 1 MiB of JSON, found 1100010 characters; is this a data file?',
    ],
  ])('case %#', async (text, message) => {
    const { job, problems } = await check(text);
    expect(job).toBeUndefined();
    expect(problems.map((problem) => problem.message)).toContain(message);
  });

  it.each(['# ours\n---\nid: a\n', '- type: json\n  args: {}\n', 'names:\n  readers: []\n'])(
    'names YAML: %j',
    async (text) => {
      expect((await check(text)).problems).toMatchObject([{ line: 1, message: expect.stringMatching(/YAML.*yq/) }]);
    },
  );

  it.each(['12345678901234567890', '1e400', '-1e-400'])(
    'is a number that a double cannot hold: %s',
    async (literal) => {
      const text = JSON.stringify(GOOD).replace('"data"', `[1, ${literal}]`);
      expect((await check(text)).problems).toContainEqual(
        expect.objectContaining({
          severity: 'error',
          pointer: '/readers/1/args/regex/1',
          column: text.indexOf(literal) + 1,
          message: `expected a number that a double can hold, found ${literal}; write it as a text, in double quotes`,
        }),
      );
    },
  );

  it('goes on past what it can read over, and takes a byte order mark', async () => {
    const text = `\uFEFF{\n  // mine\n  "id": "a",\n  "titel": "A"\n}`;
    expect((await check(text)).problems.map(({ line, pointer }) => [line, pointer])).toEqual(
      expect.arrayContaining([
        [2, ''],
        [4, '/titel'],
      ]),
    );
  });

  it('takes __proto__ for a key like any other', async () => {
    const text = `{"__proto__": {"id": "evil", "title": "Evil"}, "readers": [{"type": "json", "__proto__": {}}]}`;
    const found = await said(text);
    expect(found).toContain('/id: missing: expected a text');
    expect(found.filter((line) => line.includes('unknown key "__proto__"'))).toHaveLength(2);
    expect(({} as Record<string, unknown>)['id']).toBeUndefined();
  });

  it('counts lines and columns from 1, inside lists too, with either line ending', async () => {
    const text =
      '{\r\n  "readers": [\r\n    {"type": "ror-http"},\r\n    {"type": "json", "args": {"max_record_bytes":\r\n      "big"}}\r\n  ]\r\n}';
    expect(
      (await check(text)).problems.find(({ pointer }) => pointer === '/readers/1/args/max_record_bytes'),
    ).toMatchObject({
      line: 5,
      column: 7,
    });
  });
});

describe('credentials', () => {
  const withReader = (args: object) => ({
    ...GOOD,
    readers: [{ type: 'http', args: { url: 'https://example.org/', ...args } }, { type: 'json' }],
  });

  it('are only ever references', async () => {
    const text = JSON.stringify(
      withReader({ token: 'hunter2hunter2', headers: { Authorization: 'Bearer hunter2', 'X-Api-Key': 'hunter2' } }),
    );
    const { problems } = await check(text);
    expect(problems.map(({ pointer, suggestion }) => [pointer, suggestion])).toEqual([
      ['/readers/0/args/token', '{"$secret": "env:TOKEN"}'],
      ['/readers/0/args/headers/Authorization', '{"$secret": "env:AUTHORIZATION"}'],
      ['/readers/0/args/headers/X-Api-Key', '{"$secret": "env:X_API_KEY"}'],
    ]);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  it('are accepted as references, whatever the schema of the component wants there', async () => {
    const { job, problems } = await check(
      withReader({ url: { $secret: 'env:PRIVATE_URL' }, token: { $secret: 'file:/run/secrets/t' } }),
    );
    expect(problems).toEqual([]);
    expect(job?.tasks[0]?.readers[0]?.args['token']).toEqual({ $secret: 'file:/run/secrets/t' });
  });

  it('are refused in URLs, and are not shown in the message', async () => {
    for (const url of [
      'https://user:hunter2@example.org/',
      'https://hunter2@example.org/x',
      'https://example.org/?api_key=hunter2',
      'https://example.org/#access_token=hunter2',
      'https:user:hunter2@example.org/',
      'https:\\\\user:hunter2@example.org',
      'https:/user:hunter2@example.org',
      'ht\ntps://user:hunter2@example.org',
    ]) {
      const { problems } = await check(withReader({ url }));
      expect(problems.map(({ pointer }) => pointer)).toEqual(['/readers/0/args/url']);
      expect(JSON.stringify(problems)).not.toContain('hunter2');
    }
  });

  it.each([
    ['the secret itself', { $secret: 'hunter2' }],
    ['another scheme', { $secret: 'vault:hunter2' }],
    ['a relative file', { $secret: 'file:hunter2' }],
    ['a number', { $secret: 5 }],
    ['a key beside it', { $secret: 'env:A', default: 'hunter2' }],
  ])('a reference that holds %s is refused without showing it', async (_, token) => {
    const { job, problems } = await check(withReader({ token }));
    expect(job).toBeUndefined();
    expect(problems.length).toBeGreaterThan(0);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  it('have no place outside the args of a component', async () => {
    expect(await said({ ...GOOD, title: { $secret: 'env:A' } })).toContain(
      '/title: a $secret reference is only read in the args of a component',
    );
  });

  it('are not suspected in what only sounds like it', async () => {
    const headers = { token_url: 'https://example.org/token', max_tokens: '5', author: 'me', authority: 'x' };
    expect(await said(withReader({ headers }))).toEqual([]);
  });
});

describe('arguments', () => {
  const withArguments = (extra: object, reference = 'programme') => ({
    ...GOOD,
    arguments: {
      type: 'object',
      properties: { programme: { type: 'string', enum: ['HE', 'FP7'] }, year: { type: 'integer', default: 2026 } },
      additionalProperties: false,
    },
    transformers: [],
    readers: [
      { type: 'http', args: { url: 'https://example.org/', headers: { p: { $arg: reference } } } },
      { type: 'json' },
    ],
    ...extra,
  });

  it('fill in what is given and leave open what the run will give', async () => {
    expect((await check(withArguments({ args: { programme: 'HE' } }))).job?.tasks[0]?.readers[0]?.args).toMatchObject({
      headers: { p: 'HE' },
    });
    const open = await check(withArguments({}));
    expect(open.problems).toMatchObject([{ severity: 'warning', pointer: '/args/programme' }]);
    expect(open.job?.tasks[0]?.readers[0]?.args).toMatchObject({ headers: { p: { $arg: 'programme' } } });
  });

  it('may be axes of the matrix, declared or not', async () => {
    const readers = (axis: string) => [
      { type: 'http', args: { url: 'https://example.org/', headers: { p: { $arg: axis } } } },
      { type: 'json' },
    ];
    const writers = [{ type: 'postgres', args: { table: 'affiliations' } }];
    const names = (axis: string, values: unknown[]) =>
      check(withArguments({ matrix: { [axis]: values }, readers: readers(axis), writers }));
    expect((await names('letter', ['a', 'b'])).job?.tasks.map(({ name }) => name)).toEqual([
      'main[letter=a]',
      'main[letter=b]',
    ]);
    expect((await names('programme', ['HE', 'FP7'])).job?.tasks).toHaveLength(2);
    expect((await names('programme', ['HE', 'H2020'])).problems.map(({ pointer }) => pointer)).toEqual([
      '/matrix/programme',
    ]);
  });

  it('are checked against what the job declares', async () => {
    expect(await said(withArguments({ args: { programme: 'H2020', yaer: 1 } }))).toEqual([
      '/args/programme: expected one of "HE", "FP7", found the text "H2020"',
      '/args/yaer: unknown key "yaer"; did you mean "year"?',
    ]);
    expect(await said(withArguments({}, 'program'))).toEqual([
      '/readers/0/args/headers/p/$arg: no argument is called "program"; did you mean "programme"?',
    ]);
    expect(await said({ ...GOOD, args: { a: 1 } })).toEqual([
      '/args: args are given, but the job declares no "arguments"; declare them, or put them into the component',
    ]);
    expect((await said(withArguments({ arguments: { type: 'objekt' } }))).join('\n')).toMatch(
      /^\/arguments: expected a JSON Schema/m,
    );
  });
});
