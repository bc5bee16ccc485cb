import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/cli/catalog.ts';
import { toJobJsonSchema } from '../../src/job/schema/job-json-schema.ts';
import { listJobs } from '../../src/job/load-job.ts';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { parseJob } from '../../src/job/parse-job.ts';
import { isError } from '../../src/job/check/problem.ts';
import broken from './broken-jobs.json' with { type: 'json' };

const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
formats.default(ajv);
ajv.addKeyword('enumDescriptions');
const fits = ajv.compile(toJobJsonSchema(catalog));

const shipped = await listJobs([join(findPackageRoot(), 'config', 'jobs')]);

describe('a shipped job', () => {
  it.each(shipped)('$name passes check without a word, and fits the schema', ({ name, path }) => {
    const text = readFileSync(path, 'utf8');
    const { job, problems } = parseJob(text, { catalog, file: path });
    expect(problems).toEqual([]);
    expect(job?.id).toBe(name);
    expect(fits(JSON.parse(text)), JSON.stringify(fits.errors)).toBe(true);
  });

  it('names the schema where it lies', () => {
    for (const { path } of shipped) {
      const job = JSON.parse(readFileSync(path, 'utf8')) as { $schema: string };
      expect(readFileSync(join(path, '..', job.$schema), 'utf8')).toContain(
        '"$schema": "http://json-schema.org/draft-07/schema#"',
      );
    }
  });
});

describe('a broken job', () => {
  const good = {
    id: 'ror',
    title: 'ROR',
    vocabulary: 'affiliations',
    readers: [{ type: 'ror-http' }, { type: 'zip' }, { type: 'json' }],
    writers: [{ type: 'postgres', args: { table: 'affiliations' } }],
  };
  const make = (set: object): object =>
    Object.fromEntries(Object.entries<unknown>({ ...good, ...set }).filter(([, value]) => value !== null));

  it('starts from one that is right', () => {
    expect(fits(good), JSON.stringify(fits.errors)).toBe(true);
    expect(parseJob(JSON.stringify(good), { catalog }).problems.filter(isError)).toEqual([]);
  });

  it.each(broken)('with $name is refused by check and by the schema', ({ set }) => {
    const job = make(set);
    expect(fits(job)).toBe(false);
    expect(parseJob(JSON.stringify(job), { catalog }).job).toBeUndefined();
  });

  it('of several tasks is refused by both too', () => {
    const { readers, writers } = good;
    const tasks = (task: object): object => ({
      id: 'x',
      title: 'X',
      tasks: { one: { vocabulary: 'funders', readers, writers, ...task } },
    });
    expect(fits(tasks({})), JSON.stringify(fits.errors)).toBe(true);
    for (const task of [{ reader: [] }, { readers: [{ type: 'zipp' }] }, { writers: [] }, { guards: { min: 1 } }]) {
      expect(fits(tasks(task))).toBe(false);
      expect(parseJob(JSON.stringify(tasks(task)), { catalog }).job).toBeUndefined();
    }
  });
});

describe('the schema', () => {
  it('takes references wherever a component reads a value', () => {
    const job = {
      id: 'x',
      title: 'X',
      vocabulary: 'affiliations',
      arguments: { type: 'object', properties: { table: { type: 'string' } } },
      readers: [{ type: 'http', args: { origin: { $secret: 'env:PRIVATE_URL' } } }, { type: 'json' }],
      writers: [{ type: 'postgres', args: { table: { $arg: 'table' } } }],
    };
    expect(fits(job), JSON.stringify(fits.errors)).toBe(true);
    expect(parseJob(JSON.stringify(job), { catalog }).problems.filter(isError)).toEqual([]);
  });

  it('describes every key of a job and every argument of a component', () => {
    const bare: string[] = [];
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      for (const [key, value] of Object.entries(node)) {
        // A value, which may look like a schema: the mappings of an index have "properties", too.
        if (key === 'default') continue;
        if (key === 'properties') {
          for (const [name, property] of Object.entries(value as Record<string, Record<string, unknown>>)) {
            const isKeyOfIf = path.endsWith('/if') || name === 'args' || name === 'type';
            const isUnit = /\/(interval|offset)|schedule/.test(path);
            if (!isKeyOfIf && !isUnit && !name.startsWith('$') && property['description'] === undefined)
              bare.push(`${path}/${name}`);
          }
        }
        visit(value, `${path}/${key}`);
      }
    };
    visit(toJobJsonSchema(catalog), '');
    expect(bare).toEqual([]);
  });
});
