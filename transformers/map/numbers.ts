/** The conversion `number`: converts a number in the notation of a country to a JSON number. */
import { z } from 'zod';
import { quote } from '../../src/clip.ts';
import { toExactNumber } from '../../src/formats/json/exact-numbers.ts';
import { ConversionError, textOf } from './conversion-error.ts';

const sign = z
  .string()
  .refine(
    (text) => Array.from(text).length === 1 && !/[\d+\-eE]/.test(text),
    'expected one character that is no digit and no sign',
  );

export const numberArgs = z
  .strictObject({
    type: z.literal('number').describe('Converts a number in the notation of a country to a JSON number.'),
    decimal: sign.default('.').describe('The character before the decimals.'),
    grouping: sign
      .optional()
      .describe('The character between groups of three digits; a space also means the narrow and the fixed one.'),
    as: z
      .enum(['number', 'text'])
      .default('number')
      .describe(
        'A number, or the text of its digits (`1234.50`). A number that a double cannot represent exactly always becomes text.',
      ),
  })
  .refine(({ decimal, grouping }) => decimal !== grouping, {
    message: 'expected another character than "decimal"',
    path: ['grouping'],
  });

export type NumberArgs = z.infer<typeof numberArgs>;

/** Returns a function that throws ConversionError for a text that is not such a number. */
export function compileNumber({ decimal, grouping, as }: NumberArgs): (value: unknown) => number | string {
  const group =
    grouping === undefined
      ? ''
      : `\\d{1,3}(?:${grouping === ' ' ? '[ \\u00a0\\u2009\\u202f]' : escapePattern(grouping)}\\d{3})+|`;
  const form = new RegExp(`^([+-]?)(${group}\\d*)(?:${escapePattern(decimal)}(\\d+))?(?:[eE]([+-]?\\d{1,4}))?$`, 'u');
  const hint = grouping === undefined ? '' : ` and ${quote(grouping)} between groups of three digits`;
  const expected = `a number with ${quote(decimal)} before its decimals${hint}`;
  return (value) => {
    const text = textOf(value, expected, 1_000);
    if (typeof value === 'number') return as === 'text' ? text : value;
    const [, minus = '', whole = '', fraction = '', exponent = ''] =
      form.exec(text.trim().replace('\u2212', '-')) ?? [];
    const digits = whole.replace(/\D/gu, '');
    if (digits === '' && fraction === '') throw new ConversionError(expected, value);
    const literal = `${minus === '-' ? '-' : ''}${digits.replace(/^0+(?=\d)/, '') || '0'}${fraction === '' ? '' : `.${fraction}`}${exponent === '' ? '' : `e${exponent}`}`;
    return as === 'text' || isInexactFraction(digits, fraction) ? literal : toExactNumber(literal);
  };
}

/** Every decimal number of 15 digits comes back from a double as it went in. */
function isInexactFraction(whole: string, fraction: string): boolean {
  const decimals = fraction.replace(/0+$/, '');
  return decimals !== '' && (whole + decimals).replace(/^0+/, '').length > 15;
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
