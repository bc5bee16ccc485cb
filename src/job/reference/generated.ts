/** The first line of every generated page. */
export const GENERATED = '<!-- Made by `npm run generate` from the definitions in the code; edit those. -->';
