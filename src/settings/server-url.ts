/**
 * What is wrong with a setting that may hold a credential. A value that cannot be parsed is never quoted, whole or in part:
 * where it is broken, nobody can tell the password from the rest.
 */

interface UrlRules {
  /** `postgresql:` and the like. */
  readonly protocols: readonly string[];
  /** What a right value looks like. */
  readonly example: string;
  /** User, password, query and fragment have no meaning in it. */
  readonly isPublic?: boolean;
}

const ENCODE =
  'In a user name or password write / as %2F, # as %23, ? as %3F, @ as %40, : as %3A and % as %25. The value is not shown';

/** Says what is wrong, as `expected …; …`, or undefined where nothing is. */
function urlProblem(text: string, rules: UrlRules): string | undefined {
  const fault = faultOf(text, rules);
  if (fault === undefined) return undefined;
  return `expected ${rules.example}; ${fault}. ${rules.isPublic === true ? 'The value is not shown' : ENCODE}`;
}

function faultOf(text: string, { protocols, isPublic = false }: UrlRules): string | undefined {
  if (/[\s\p{Cc}]/u.test(text)) return 'it contains a blank, a line break or a control character';
  const scheme = /^(?:([a-z][a-z0-9+.-]*:)\/\/|socket:\/)/i.exec(text);
  if (scheme === null) return 'it does not begin with a scheme and //';
  if (!protocols.includes((scheme[1] ?? 'socket:').toLowerCase())) {
    return `its scheme is not ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;
  }
  if (text.includes('#')) return 'a # in it begins a fragment, so that the rest is lost';
  const [, authority = '', rest = ''] = /^[^/]*\/\/([^/?]*)(.*)$/s.exec(text) ?? [];
  const at = authority.lastIndexOf('@');
  if (at === -1 && rest.includes('@')) return 'the @ comes after a / or ?, which ends the host';
  if (/%(?![0-9a-f]{2})/i.test(text) || !isDecodable(text)) return 'a % in it begins no valid escape';
  const host = authority.slice(at + 1);
  if (host.includes(',')) return 'it names several hosts, where one is expected';
  if (/:(?!\d{1,5}$)[^\]]*$/.test(host)) return 'what follows the : of the host is no port number';
  if (isPublic && (at !== -1 || rest.includes('?'))) return 'it holds a user, a password or a query';
  return undefined;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    // Not UTF-8.
    return false;
  }
}

const POSTGRES: UrlRules = {
  protocols: ['postgresql:', 'postgres:', 'socket:'],
  example: 'a URL such as postgresql://user:password@host:5432/database',
};
const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

/** Takes a host, `postgresql://user@/database?host=/directory` and `socket:///directory?db=database` for a socket. */
export function databaseUrlProblem(text: string): string | undefined {
  const general = urlProblem(text, POSTGRES);
  if (general !== undefined) return general;
  const url = parseServerUrl(text);
  const wrong = (fault: string): string => `expected ${POSTGRES.example}; ${fault}. The value is not shown`;
  if (url === undefined) return wrong('its host or port is invalid');
  if (url.searchParams.get('host')?.includes(',') === true)
    return wrong('it names several hosts, where one is expected');
  const mode = url.searchParams.get('sslmode');
  if (mode !== null && !SSL_MODES.includes(mode)) return wrong(`its sslmode is not one of ${SSL_MODES.join(', ')}`);
  if (mode === 'verify-ca' && url.searchParams.get('uselibpqcompat') === 'true' && !url.searchParams.has('sslrootcert'))
    return wrong('sslmode=verify-ca needs sslrootcert');
  const port = url.searchParams.get('port');
  if (port !== null && !/^\d{1,5}$/.test(port)) return wrong('its port is not a number');
  return undefined;
}

export function smtpUrlProblem(text: string): string | undefined {
  const example = 'a URL such as smtp://mail.example.org:25 or smtps://user:password@mail.example.org';
  const rules = { protocols: ['smtp:', 'smtps:'], example };
  const hostless = parseServerUrl(text)?.hostname === '' ? `expected ${example}; it has no host` : undefined;
  return urlProblem(text, rules) ?? unparsed(text, example) ?? hostless;
}

export function webUiProblem(text: string): string | undefined {
  const example = 'a URL such as https://temporal.example.org';
  const rules = { protocols: ['http:', 'https:'], example, isPublic: true };
  return urlProblem(text, rules) ?? unparsed(text, example);
}

/** `host:7233`, as Temporal's SDKs read it. */
export function temporalAddressProblem(text: string): string | undefined {
  if (/^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.test(text)) return undefined;
  const fault = text.includes('://')
    ? 'it begins with a scheme'
    : text.includes('@')
      ? 'it holds an @, but a user or password has no place in it'
      : 'it is not a host name with a port';
  return `expected a host and a port such as temporal.example.org:7233; ${fault}. The value is not shown`;
}

function unparsed(text: string, example: string): string | undefined {
  return URL.canParse(text) ? undefined : `expected ${example}; its host or port is invalid. The value is not shown`;
}

/** Also reads `postgresql://user@/database`, whose empty host the URL standard refuses. Undefined where it is no URL. */
function parseServerUrl(text: string): URL | undefined {
  const whole = URL.canParse(text) ? text : text.replace('@/', '@localhost/');
  return URL.canParse(whole) ? new URL(whole) : undefined;
}

/** Every password in a URL, decoded: in the user-info and in the query. */
export function passwordsOf(text: string): readonly string[] {
  const url = parseServerUrl(text);
  if (url === undefined) return [];
  return [decodeURIComponent(url.password), url.searchParams.get('password') ?? ''].filter((found) => found !== '');
}

/** The URL with its user name, without its password and credentials in its query. For `doctor` and `dev`. */
export function shownUrl(text: string): string {
  const [, scheme = '', user = '', password] = /^([^/]*\/\/)([^:@/?]*)(:[^@]*)?@/s.exec(text) ?? [];
  if (scheme === '') return text;
  const rest = text.slice(
    text.indexOf('@', scheme.length) === -1 ? scheme.length : text.lastIndexOf('@', authorityEnd(text)) + 1,
  );
  return `${scheme}${user}${password === undefined ? '' : ':***'}@${rest}`;
}

function authorityEnd(text: string): number {
  const start = text.indexOf('//') + 2;
  const end = text.slice(start).search(/[/?#]/);
  return end === -1 ? text.length : start + end;
}
