/** Defines a check, and the checks that apply to every kind of component. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

/** A rule that a component must follow. */
export interface Check {
  /** A sentence about the component, such as "stops when it is aborted". */
  readonly name: string;
  /** Rejects with an AssertionError if the component does not follow the rule. */
  run(): Promise<void>;
}

export function check(name: string, run: () => void | Promise<void>): Check {
  return {
    name,
    async run() {
      await run();
    },
  };
}

export async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'vocab-sync-check-'));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface Definition {
  readonly type: string;
  readonly version: number;
  readonly summary: string;
  readonly description?: string;
  readonly args: z.ZodType;
  readonly examples: readonly { readonly title: string; readonly args: unknown }[];
}

/** The values of references in examples, unless the sample of a component gives others. */
export const SOME_SECRET = 'a secret';

export function definitionChecks(component: Definition, secret = SOME_SECRET): readonly Check[] {
  const example = (): unknown => withSecrets(component.examples[0]?.args, secret);
  return [
    check('has a complete definition', () => {
      assert.match(component.type, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'type is kebab-case');
      assert.ok(Number.isInteger(component.version) && component.version >= 1, 'version is an integer from 1');
      assert.match(component.summary, /^[A-Z].{9,}/, 'summary is a line that begins with a capital');
      if (component.description !== undefined)
        assert.match(component.description, /\.$/, 'description ends with a full stop');
      assert.ok(component.examples.length > 0, 'there is an example');
      for (const { title } of component.examples) assert.notEqual(title, '', 'each example has a title');
    }),
    check('refuses an argument that it does not know', () => {
      const result = component.args.safeParse({ ...(example() as object), no_such_argument: 1 });
      assert.deepEqual(
        result.error?.issues.map(({ code }) => code),
        ['unrecognized_keys'],
        'args is a z.strictObject',
      );
    }),
    check('describes its arguments for editors, each with a sentence', () => {
      const schema = z.toJSONSchema(component.args, { io: 'input' }) as {
        additionalProperties?: unknown;
        properties?: Record<string, { description?: string }>;
      };
      assert.equal(schema.additionalProperties, false);
      for (const [key, { description = '' }] of Object.entries(schema.properties ?? {})) {
        assert.match(key, /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/, `the argument ${key} is snake_case`);
        assert.match(description, /\.$/, `the argument ${key} has a description that ends with a full stop`);
      }
    }),
  ];
}

/** Fills in references of an example as the engine does. */
export function withSecrets(args: unknown, secret: string): unknown {
  if (Array.isArray(args)) return args.map((one) => withSecrets(one, secret));
  if (typeof args !== 'object' || args === null) return args;
  if (Object.hasOwn(args, '$secret')) return secret;
  return Object.fromEntries(Object.entries(args).map(([key, value]) => [key, withSecrets(value, secret)]));
}
