/** The limit of http-api: asks for page after page, parses each and keeps nothing. Prints what it took. */
import { got } from 'got';

interface Page {
  readonly results: readonly unknown[];
  readonly links: { readonly next: string | null };
}

const started = performance.now();
let records = 0;
let url = process.argv[2];
while (url !== undefined) {
  const { results, links } = await got(url).json<Page>();
  records += results.length;
  url = links.next === null ? undefined : new URL(links.next, url).href;
}
const seconds = (performance.now() - started) / 1000;
console.log(JSON.stringify({ records, seconds, megabytes: process.resourceUsage().maxRSS / 1024 }));
