/** Codes of countries (ISO 3166-1 alpha-2) by their English names: those of the CLDR, and what else is in common use. */

const NAMED = new Map<string, string>();

/** Names that neither the CLDR nor its spellings below give: official ones of ISO 3166, former and colloquial ones. */
const ALIASES: Readonly<Record<string, string>> = {
  'bolivia plurinational state of': 'BO',
  'bonaire sint eustatius and saba': 'BQ',
  'brunei darussalam': 'BN',
  burma: 'MM',
  'cabo verde': 'CV',
  'cape verde': 'CV',
  'congo brazzaville': 'CG',
  'congo democratic republic of the': 'CD',
  'congo kinshasa': 'CD',
  'congo republic of the': 'CG',
  congo: 'CG',
  'cote divoire': 'CI',
  'cote d ivoire': 'CI',
  'czech republic': 'CZ',
  'democratic peoples republic of korea': 'KP',
  'democratic republic of the congo': 'CD',
  'east timor': 'TL',
  england: 'GB',
  'falkland islands': 'FK',
  'falkland islands malvinas': 'FK',
  'faroe islands': 'FO',
  'faeroe islands': 'FO',
  'great britain': 'GB',
  'heard island and mcdonald islands': 'HM',
  'holy see': 'VA',
  'holy see vatican city state': 'VA',
  'hong kong': 'HK',
  'iran islamic republic of': 'IR',
  'ivory coast': 'CI',
  'korea democratic peoples republic of': 'KP',
  'korea republic of': 'KR',
  'korea south': 'KR',
  'korea north': 'KP',
  'lao peoples democratic republic': 'LA',
  'libyan arab jamahiriya': 'LY',
  macao: 'MO',
  macau: 'MO',
  macedonia: 'MK',
  'macedonia the former yugoslav republic of': 'MK',
  'micronesia federated states of': 'FM',
  'moldova republic of': 'MD',
  myanmar: 'MM',
  'northern ireland': 'GB',
  palestine: 'PS',
  'palestine state of': 'PS',
  'palestinian territory occupied': 'PS',
  'peoples republic of china': 'CN',
  'republic of ireland': 'IE',
  'republic of korea': 'KR',
  'republic of moldova': 'MD',
  'republic of the congo': 'CG',
  'russian federation': 'RU',
  'saint helena ascension and tristan da cunha': 'SH',
  'saint martin': 'MF',
  'saint martin french part': 'MF',
  scotland: 'GB',
  'sint maarten dutch part': 'SX',
  'slovak republic': 'SK',
  swaziland: 'SZ',
  'syrian arab republic': 'SY',
  'taiwan province of china': 'TW',
  'tanzania united republic of': 'TZ',
  'the former yugoslav republic of macedonia': 'MK',
  'the netherlands': 'NL',
  'timor leste': 'TL',
  turkey: 'TR',
  turkiye: 'TR',
  uk: 'GB',
  'united republic of tanzania': 'TZ',
  'united states minor outlying islands': 'UM',
  'united states of america': 'US',
  us: 'US',
  usa: 'US',
  'vatican city state': 'VA',
  'venezuela bolivarian republic of': 'VE',
  'viet nam': 'VN',
  'virgin islands british': 'VG',
  'virgin islands us': 'VI',
  wales: 'GB',
};

/** Undefined for a name that is not known. Case, accents, punctuation and "the" make no difference. */
export function countryCodeOf(name: string): string | undefined {
  return knownNames().get(simplify(name));
}

/** Made when a country is first asked for: it takes 35 ms. */
function knownNames(): ReadonlyMap<string, string> {
  if (NAMED.size > 0) return NAMED;
  for (const [name, code] of Object.entries(ALIASES)) NAMED.set(simplify(name), code);
  const letters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
  for (const style of ['long', 'short'] as const) {
    const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none', style });
    for (const code of letters.flatMap((a) => letters.map((b) => a + b))) {
      const name = isCurrent(code) ? names.of(code) : undefined;
      if (name !== undefined && !NAMED.has(simplify(name))) NAMED.set(simplify(name), code);
    }
  }
  return NAMED;
}

/** Regions that the CLDR names and that ISO 3166-1 does not assign to a country. */
const NOT_COUNTRIES = new Set(['AC', 'CP', 'CQ', 'DG', 'EA', 'EU', 'EZ', 'IC', 'QO', 'TA', 'UN', 'XA', 'XB', 'ZZ']);

/** Not a code that was withdrawn in favour of another one, such as ZR (now CD). */
function isCurrent(code: string): boolean {
  return !NOT_COUNTRIES.has(code) && new Intl.Locale(`und-${code}`).region === code;
}

function simplify(name: string): string {
  return name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('&', ' and ')
    .replaceAll(/['’.]/g, '')
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .replaceAll(/\bthe\b/g, '')
    .replaceAll(/\bsaint\b/g, 'st')
    .replaceAll(/ +/g, ' ')
    .trim();
}
