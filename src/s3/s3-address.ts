/** The addresses of a bucket and its objects, for the policy of hosts, names in the spool, and messages. */
import type { S3Place } from '../component/s3-service.ts';

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
