/** The header `Link` (RFC 8288, 3): `<target>; rel="a b"; type="…", <target>; …`, with quoted commas and semicolons. */

export interface WebLink {
  readonly target: string;
  /** Lower-case relation types; a link may have several. */
  readonly rels: readonly string[];
  readonly type?: string;
  /** The subject of the link, if it is not the page itself. */
  readonly anchor?: string;
}

/** Invalid links are skipped, as the RFC requires; the first of repeated parameters counts. */
export function parseLinkHeader(header: string): readonly WebLink[] {
  return splitUnquoted(header, ',').flatMap((text) => {
    const match = /^\s*<([^>]*)>(.*)$/s.exec(text);
    if (match === null) return [];
    const params = parseParams(match[2] ?? '');
    const type = params.get('type');
    const anchor = params.get('anchor');
    return [
      {
        target: (match[1] ?? '').trim(),
        rels: (params.get('rel') ?? '')
          .toLowerCase()
          .split(/\s+/)
          .filter((rel) => rel !== ''),
        ...(type === undefined ? {} : { type }),
        ...(anchor === undefined ? {} : { anchor }),
      },
    ];
  });
}

function parseParams(text: string): ReadonlyMap<string, string> {
  const params = new Map<string, string>();
  for (const part of splitUnquoted(text, ';')) {
    const match = /^\s*([^\s=]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|(\S+))\s*$/s.exec(part);
    const name = match?.[1]?.toLowerCase();
    if (match === null || name === undefined || params.has(name)) continue;
    params.set(name, match[2]?.replaceAll(/\\(.)/gs, '$1') ?? match[3] ?? '');
  }
  return params;
}

/** Splits outside of `"…"` and `<…>`. */
function splitUnquoted(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  let until: '"' | '>' | undefined;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (until !== undefined) {
      if (until === '"' && char === '\\') i++;
      else if (char === until) until = undefined;
    } else if (char === '"') until = '"';
    else if (char === '<') until = '>';
    else if (char === separator) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
