/**
 * `npm run goldens`: writes the samples, runs InvenioRDM's own code on them and puts what it makes of them into
 * `goldens/`. If the virtual environment does not exist yet, it creates one and installs invenio-vocabularies there.
 * `--environment DIR` names another place for the environment, `--samples DIR` keeps the samples.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { findPackageRoot } from '../../src/job/package-root.ts';
import type { PackedFile } from '../support/pack-input.ts';
import { openPythonEnvironment } from '../support/python-environment.ts';
import { casesDigest, readingCases } from './reading-cases.ts';
import { digestOf, factsOf, packSample, samples } from './samples.ts';

const { values } = parseArgs({ options: { environment: { type: 'string' }, samples: { type: 'string' } } });
const here = import.meta.dirname;
const requirements = join(here, 'invenio', 'requirements.txt');
const constraints = join(here, 'invenio', 'constraints.txt');
const environment = values.environment ?? join(findPackageRoot(), 'node_modules', '.cache', 'invenio-vocabularies');
const directory = values.samples ?? mkdtempSync(join(tmpdir(), 'vocab-sync-samples-'));

try {
  const python = openPythonEnvironment({ directory: environment, requirements, constraints });
  const manifest = join(directory, 'manifest.json');
  writeFileSync(manifest, JSON.stringify(writeSamples(), null, 2));
  const goldens = join(here, 'goldens');
  mkdirSync(goldens, { recursive: true });
  run(python, [join(here, 'invenio', 'make_goldens.py'), manifest, goldens]);
} finally {
  if (values.samples === undefined) rmSync(directory, { recursive: true, force: true });
}

function writeSamples(): object {
  const version = /^invenio-vocabularies(?:\[.*\])?==(\S+)/m.exec(readFileSync(requirements, 'utf8'))?.[1];
  const made = samples.map((sample) => {
    const unpacked = sample.write(factsOf(sample));
    const files = writeFiles(sample.name, packSample(sample, unpacked));
    return { ...sample.invenio, name: sample.name, files, digest: digestOf(unpacked, sample.invenio) };
  });
  const cases = readingCases.map(({ name, files, invenio }, i) => ({
    ...invenio,
    name,
    files: writeFiles(`reading/${String(i)}`, files),
    isCase: true,
  }));
  return { version, casesDigest: casesDigest(), samples: [...made, ...cases] };
}

function writeFiles(folder: string, files: readonly PackedFile[]): readonly string[] {
  return files.map(({ name, content }) => {
    const path = join(folder, basename(name));
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
    return path;
  });
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: 'inherit', env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } });
}
