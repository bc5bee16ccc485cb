/** The arguments that say where a bucket is, for readers and writers. */
import { z } from 'zod';
import type { S3Place } from './s3-service.ts';

export const placeArgs = {
  endpoint: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !/^\w+:\/\/[^/]*@/.test(url), 'expected an address without user name and password')
    .optional()
    .describe('The address of the S3 server. Default: Amazon S3.'),
  path_style: z
    .boolean()
    .optional()
    .describe(
      'Puts the bucket into the path of addresses and not into their host, as most servers other than Amazon require. Default: `true` if `endpoint` is given.',
    ),
  access_key: z
    .string()
    .min(1)
    .optional()
    .describe('The access key, by `{"$secret": "env:NAME"}`. Without it, requests are anonymous.'),
  secret_key: z.string().min(1).optional().describe('The secret key to `access_key`, by `{"$secret": "env:NAME"}`.'),
  session_token: z
    .string()
    .min(1)
    .optional()
    .describe('The token of a temporary access key, by `{"$secret": "env:NAME"}`.'),
};

export interface PlaceArgs {
  readonly endpoint?: string | undefined;
  readonly region: string;
  readonly path_style?: boolean | undefined;
  readonly access_key?: string | undefined;
  readonly secret_key?: string | undefined;
  readonly session_token?: string | undefined;
}

export function hasBothKeys(args: Pick<PlaceArgs, 'access_key' | 'secret_key'>): boolean {
  return (args.access_key === undefined) === (args.secret_key === undefined);
}

export const BOTH_KEYS = {
  message: 'expected "access_key" and "secret_key" together, or neither',
  path: ['secret_key'],
};

export function toPlace(args: PlaceArgs, bucket: string): S3Place {
  const { endpoint, region, access_key: accessKey, secret_key: secretKey, session_token: sessionToken } = args;
  const isSigned = accessKey !== undefined && secretKey !== undefined;
  return {
    bucket,
    region,
    pathStyle: args.path_style ?? endpoint !== undefined,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(isSigned
      ? { credentials: { accessKey, secretKey, ...(sessionToken === undefined ? {} : { sessionToken }) } }
      : {}),
  };
}
