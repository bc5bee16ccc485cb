/** The transformer that checks records against a schema. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { validate } from '../../transformers/validate.ts';
import { refusalOf } from '../support/refusal-of.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { tempDir } from '../support/temp-dir.ts';

function make(args: unknown): (value: unknown, isDeleted?: boolean) => unknown {
  const transform = validate.create(validate.args.parse(args), { logger: silentLogger() });
  return (value, isDeleted = false) => transform(value, { origin: () => '', warn: () => undefined, isDeleted });
}

function schemaFile(schema: unknown): string {
  const path = join(tempDir(), 'schema.json');
  writeFileSync(path, typeof schema === 'string' ? schema : JSON.stringify(schema));
  return path;
}

describe('a shipped schema', () => {
  it('lets a record through as it is, and rejects another with its pointer', () => {
    const check = make({ schema: 'affiliations' });
    const good = { id: 'a1', name: 'A', country: 'AT' };
    expect(check(good)).toBe(good);
    const error = refusalOf(() => check({ id: 'a1', name: 'A', types: 'education' }));
    expect(error).toMatchObject({
      code: 'E_RECORD_SCHEMA',
      message: expect.stringMatching(
        /does not fit the schema "affiliations"\. Expected a list at \/types, found the text/,
      ),
      details: { id: 'a1' },
    });
  });

  it('is not asked of a record that the source deleted', () => {
    expect(make({ schema: 'affiliations' })({ id: 'a1' }, true)).toEqual({ id: 'a1' });
  });

  it('has to exist', () => {
    const issues = validate.args.safeParse({ schema: 'afiliations' }).error?.issues;
    expect(issues?.[0]?.message).toContain('expected the name of a shipped record schema');
    expect(validate.args.safeParse({}).success).toBe(false);
    expect(validate.args.safeParse({ schema: 'names', schema_file: 'a.json' }).success).toBe(false);
  });
});

describe('a schema of your own', () => {
  it('is used with its patterns and formats', () => {
    const path = schemaFile({
      type: 'object',
      properties: { id: { type: 'string', pattern: '^x[0-9]+$' }, date: { type: 'string', format: 'date' } },
      patternProperties: { '^ext_': { type: 'number' } },
    });
    const check = make({ schema_file: path });
    expect(check({ id: 'x1', date: '2021-02-28', ext_a: 1 })).toEqual({ id: 'x1', date: '2021-02-28', ext_a: 1 });
    expect(refusalOf(() => check({ id: 'y1' })).message).toContain('at /id, found the text "y1"');
    expect(refusalOf(() => check({ id: 'x1', date: '2021-02-30' })).message).toContain('at /date');
    expect(refusalOf(() => check({ id: 'x1', ext_a: 'one' })).message).toContain('Expected number at /ext_a');
  });

  it('takes linear time for a pattern that backtracks elsewhere', () => {
    const check = make({ schema_file: schemaFile({ properties: { id: { type: 'string', pattern: '^(a+)+$' } } }) });
    const started = process.cpuUsage();
    expect(refusalOf(() => check({ id: `${'a'.repeat(5_000)}!` })).code).toBe('E_RECORD_SCHEMA');
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(2);
  });

  it.each([
    ['E_SCHEMA_INVALID', '{"type": ', /Expected a JSON Schema \(draft 7\) in .*schema\.json, but /],
    ['E_SCHEMA_INVALID', '[]', /it is no JSON object/],
    ['E_SCHEMA_INVALID', { type: 'objekt' }, /type/],
    ['E_SCHEMA_INVALID', '{"properties": {"n": {"maximum": 12345678901234567890}}}', /12345678901234567890/],
    ['E_SCHEMA_INVALID', { properties: { id: { type: 'string', pattern: '^(?=a)' } } }, /RE2|pattern|perl/i],
    ['E_SCHEMA_INVALID', { $ref: 'https://example.org/other.json' }, /other\.json/],
  ])('%s for %j', (code, schema, message) => {
    const error = refusalOf(() => make({ schema_file: schemaFile(schema) }));
    expect([error.code, error.kind]).toEqual([code, 'config']);
    expect(error.message).toMatch(message);
  });

  it('that is not there is said with its path', () => {
    const path = join(tempDir(), 'none.json');
    expect(refusalOf(() => make({ schema_file: path }))).toMatchObject({ code: 'E_FILE_NOT_FOUND', details: { path } });
  });
});
