/** Chooses members of an archive by a pattern, and says what there is to choose from when nothing fits. */
import { clip, quote, quoteList } from '../../clip.ts';
import { distance } from 'fastest-levenshtein';
import type { Warning } from '../../component/reader.ts';
import { ConfigError } from '../../errors.ts';
import type { MemberPattern } from './member-pattern.ts';

interface Named {
  readonly name: string;
}

/** More names than this make a message that nobody reads; all of them would not fit into a run's record. */
const NAMES_SHOWN = 20;

/** Names that the nearest one is looked for among. */
const NAMES_COMPARED = 1000;

const CURRENT_ROR_PATTERN = '-ror-data\\.json$';

/**
 * Returns the matching members in order, or all of them without a pattern. Throws ConfigError if a pattern matches
 * nothing, with one exception: `_schema_v2\.json$` was right for the ROR dumps from v1.45 to v1.74 and is in many
 * configs. Later dumps have one JSON member, in schema v2, and the old pattern selects that one.
 */
export function selectMembers<T extends Named>(
  members: readonly T[],
  pattern: MemberPattern | undefined,
  archive: string,
  warn: (warning: Warning) => void,
): readonly T[] {
  if (pattern === undefined) return members;
  const selected = members.filter((member) => pattern.matches(member.name));
  if (selected.length > 0) return selected;
  const current = members.filter((member) => member.name.endsWith('-ror-data.json'));
  const [only] = current;
  if (pattern.text.includes('_schema_v2') && only !== undefined && current.length === 1) {
    warn({
      code: 'W_ZIP_OUTDATED_PATTERN',
      message: `No member of ${archive} matches ${JSON.stringify(pattern.text)}, the pattern for ROR dumps before v2.0; ${quote(only.name)} is read instead. Write "regex": ${JSON.stringify(CURRENT_ROR_PATTERN)}.`,
    });
    return [only];
  }
  throw noMatch(members, pattern, archive);
}

/** What to throw when nothing fits. `members` may be the first of `count`. */
export function noMatch(
  members: readonly Named[],
  pattern: MemberPattern,
  archive: string,
  count = members.length,
): ConfigError {
  const names = members.map((member) => member.name);
  const listed = quoteList(names, NAMES_SHOWN);
  const unlisted = count - Math.min(count, names.length);
  const more = unlisted > 0 ? ` (${String(count)} in all)` : '';
  const nearest = nearestName(pattern.text, names.slice(0, NAMES_COMPARED));
  const hint =
    nearest === undefined ? '' : ` The nearest is ${quote(nearest)}: "regex": ${quote(literal(nearest))} matches it.`;
  return new ConfigError(
    'E_ARCHIVE_NO_MATCH',
    `The regex ${JSON.stringify(pattern.text)} should match a member of ${archive}, but its members are: ${listed || 'none'}${more}.${hint}`,
    { details: { regex: pattern.text, members: names.slice(0, NAMES_SHOWN).map((name) => clip(name, 200)), count } },
  );
}

function nearestName(pattern: string, names: readonly string[]): string | undefined {
  const wanted = pattern.replace(/[\\^$()?*+|[\]{}]/g, '');
  let best: { readonly name: string; readonly steps: number } | undefined;
  for (const name of names) {
    if (name.length > 200) continue;
    // Patterns match the end of a name; versions and dates are at the beginning.
    const steps = distance(wanted, name.slice(-Math.max(wanted.length, 1)));
    if (best === undefined || steps < best.steps) best = { name, steps };
  }
  return best?.name;
}

/** A pattern for exactly this name. */
function literal(name: string): string {
  return `^${name.replace(/[\\^$.()?*+|[\]{}]/g, '\\$&')}$`;
}
