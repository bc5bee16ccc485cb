/** The International Standard Name Identifier, ISO 27729: 16 digits, of which the last is a check digit that may be X. */

const WRITTEN = /^\d{15}[\dX]$/;
const SEPARATORS = /[\s-]/g;
const ADDRESS = /^https?:\/\/(?:isni\.org\/isni|orcid\.org)\//;

/** The 16 characters without separators and address, or undefined when they are not 16 or the check digit is wrong. */
export function toCompactIsni(text: string): string | undefined {
  const compact = text.replace(ADDRESS, '').replace(SEPARATORS, '').toUpperCase();
  return WRITTEN.test(compact) && compact.endsWith(checkDigit(compact)) ? compact : undefined;
}

/** ISO 7064, MOD 11-2, over the first 15 digits. */
function checkDigit(compact: string): string {
  let total = 0;
  for (let i = 0; i < 15; i++) total = (total + Number(compact[i])) * 2;
  const digit = (12 - (total % 11)) % 11;
  return digit === 10 ? 'X' : String(digit);
}
