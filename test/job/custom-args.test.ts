import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { applyCustomArgs, layArgs, layCustomArgs } from '../../src/job/effective/custom-args.ts';
import { refusalOf } from '../support/refusal-of.ts';
import BASE from './custom-args.base.json' with { type: 'json' };
import cases from './custom-args.cases.json' with { type: 'json' };

interface Case {
  readonly name: string;
  /** Given with --arg. */
  readonly args?: Record<string, unknown>;
  readonly over?: unknown;
  /** In place of `over`, where an object literal could not hold it. */
  readonly json?: string;
  readonly base?: Record<string, unknown>;
  readonly drop?: readonly string[];
  readonly expected?: Record<string, unknown>;
  readonly removed?: readonly string[];
  readonly own?: string;
  readonly since?: unknown;
  readonly refused?: string;
  readonly says?: string;
}

function without(config: Record<string, unknown>, keys: readonly string[] = []): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !keys.includes(key)));
}

describe('custom args', () => {
  it.each(cases as readonly Case[])('$name', (one) => {
    const config = layArgs(without({ ...BASE, ...one.base }, one.drop), one.args);
    const before = structuredClone(config);
    const over: unknown = one.json === undefined ? one.over : JSON.parse(one.json);
    if (one.refused !== undefined) {
      const error = refusalOf(() => applyCustomArgs(config, over));
      expect(error).toBeInstanceOf(ConfigError);
      expect(error).toMatchObject({ code: 'E_CUSTOM_ARGS_INVALID', details: { pointer: one.refused } });
      expect(error.message).toContain(one.says);
      return;
    }
    const laid = layCustomArgs(config, over);
    const result = one.own === undefined ? laid.config : without(laid.config, [one.own]);
    expect(result).toEqual(without({ ...config, ...one.expected }, one.removed));
    expect(laid.since).toEqual(one.since);
    expect(config).toEqual(before);
    expect(Object.getPrototypeOf(laid.config)).toBe(Object.prototype);
    if (one.own !== undefined) expect(Object.hasOwn(laid.config, one.own)).toBe(true);
  });

  it('laid twice are as if laid once', () => {
    for (const one of cases as readonly Case[]) {
      if (one.refused !== undefined || one.over === undefined || one.name === 'null removes a component') continue;
      const config = layArgs(without({ ...BASE, ...one.base }, one.drop), one.args);
      const once = applyCustomArgs(config, one.over);
      expect(applyCustomArgs(once, one.over), one.name).toEqual(once);
    }
  });
});
