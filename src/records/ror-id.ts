/** The identifier of the Research Organization Registry: 0, six characters, two digits, with or without its address. */

const WRITTEN = /^(?:https?:\/\/)?(?:ror\.org\/|ror:)?(0[0-9a-z]{6}[0-9]{2})$/;

/** The nine characters that InvenioRDM publishes a ROR record under, or undefined. Check digits are not checked. */
export function toBareRorId(text: string): string | undefined {
  return WRITTEN.exec(text.trim().toLowerCase())?.[1];
}
