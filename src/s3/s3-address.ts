/** Where a bucket and its objects are, as addresses: for the policy of hosts, for names in the spool, for messages. */
import type { S3Place } from '../component/services.ts';

/** `https://endpoint/bucket/key`, whatever the style of the requests. */
export function addressOf(place: S3Place, key = ''): string {
  const path = [place.bucket, ...key.split('/')].map(encodeURIComponent).join('/');
  return `${endpointOf(place)}/${path}`;
}

/** The address whose host is really asked. */
export function requestedAddress(place: S3Place): string {
  const url = new URL(endpointOf(place));
  if (!place.pathStyle) url.hostname = `${place.bucket}.${url.hostname}`;
  return url.href;
}

function endpointOf({ endpoint, region }: S3Place): string {
  return (endpoint ?? `https://s3.${region}.amazonaws.com`).replace(/\/+$/, '');
}
