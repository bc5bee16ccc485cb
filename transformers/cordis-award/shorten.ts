/** A text of at most so many characters, cut at a word and marked with `…` where it was longer. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  const start = text.slice(0, most - 1);
  // A cut inside a surrogate pair would leave half of it.
  const whole = /[\ud800-\udbff]$/.test(start) ? start.slice(0, -1) : start;
  const nextIsSpace = /^\s/.test(text.slice(whole.length));
  const atWord = nextIsSpace ? whole : whole.replace(/\s+\S*$/, '');
  return `${(atWord === '' ? whole : atWord).trimEnd().replace(/(?:\.\.\.|…)$/, '')}…`;
}
