import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/cli/catalog.ts';
import { toJobJsonSchema } from '../../src/job/schema/job-json-schema.ts';
import { listJobs } from '../../src/job/job-files.ts';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { parseJob } from '../../src/job/parse-job.ts';
import { isError } from '../../src/job/check/problem.ts';
import broken from './broken-jobs.json' with { type: 'json' };

const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
formats.default(ajv);
ajv.addVocabulary(['enumDescriptions', 'patternErrorMessage']);
const jobSchema = await toJobJsonSchema(catalog);
const fits = ajv.compile(jobSchema);

const shipped = await listJobs([join(findPackageRoot(), 'config', 'jobs')]);

describe('a shipped job', () => {
  it.each(shipped)('$name passes check without a word, and fits the schema', async ({ name, path }) => {
    const text = readFileSync(path, 'utf8');
    const { job, problems } = await parseJob(text, { catalog, file: path });
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

  it('starts from one that is right', async () => {
    expect(fits(good), JSON.stringify(fits.errors)).toBe(true);
    expect((await parseJob(JSON.stringify(good), { catalog })).problems.filter(isError)).toEqual([]);
  });

  it.each(broken)('with $name is refused by check and by the schema', async ({ set }) => {
    const job = make(set);
    expect(fits(job)).toBe(false);
    expect((await parseJob(JSON.stringify(job), { catalog })).job).toBeUndefined();
  });

  it('of several tasks is refused by both too', async () => {
    const { readers, writers } = good;
    const tasks = (task: object): object => ({
      id: 'x',
      title: 'X',
      tasks: { one: { vocabulary: 'funders', readers, writers, ...task } },
    });
    expect(fits(tasks({})), JSON.stringify(fits.errors)).toBe(true);
    for (const task of [{ reader: [] }, { readers: [{ type: 'zipp' }] }, { writers: [] }, { guards: { min: 1 } }]) {
      expect(fits(tasks(task))).toBe(false);
      expect((await parseJob(JSON.stringify(tasks(task)), { catalog })).job).toBeUndefined();
    }
  });
});

describe('the schema', () => {
  it('is small enough for an editor, and repeats nothing long', () => {
    expect(JSON.stringify(jobSchema).length).toBeLessThan(160_000);
  });

  it('takes references wherever a component reads a value', async () => {
    const job = {
      id: 'x',
      title: 'X',
      vocabulary: 'affiliations',
      arguments: { type: 'object', properties: { table: { type: 'string' } } },
      readers: [{ type: 'http', args: { origin: { $secret: 'env:PRIVATE_URL' } } }, { type: 'json' }],
      writers: [{ type: 'postgres', args: { table: { $arg: 'table' } } }],
    };
    expect(fits(job), JSON.stringify(fits.errors)).toBe(true);
    expect((await parseJob(JSON.stringify(job), { catalog })).problems.filter(isError)).toEqual([]);
  });

  it('describes every key of a job and every argument of a component', () => {
    const bare: string[] = [];
    const definitions = jobSchema['definitions'] as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    const resolve = (property: Readonly<Record<string, unknown>>) =>
      definitions[String(property['$ref']).replace('#/definitions/', '')] ?? property;
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      for (const [key, value] of Object.entries(node)) {
        // A value, which may look like a schema: the mappings of an index have "properties", too.
        if (key === 'default') continue;
        if (key === 'properties') {
          for (const [name, property] of Object.entries(value as Record<string, Record<string, unknown>>)) {
            const isKeyOfIf = path.endsWith('/if') || name === 'args' || name === 'type';
            const isUnit = /\/(interval|offset)|schedule/.test(path);
            // These rules name fields that are described elsewhere.
            if (path.startsWith('/definitions/map_of_')) continue;
            if (!isKeyOfIf && !isUnit && !name.startsWith('$') && resolve(property)['description'] === undefined)
              bare.push(`${path}/${name}`);
          }
        }
        visit(value, `${path}/${key}`);
      }
    };
    visit(jobSchema, '');
    expect(bare).toEqual([]);
  });
});
