/** Creates the S3 service for components: lists, objects as streams, and downloads into the spool. */
import { join } from 'node:path';
import type { S3Service } from '../component/s3-service.ts';
import type { Logger } from '../component/services.ts';
import { createUrlPolicy } from '../http/url-policy.ts';
import { downloadObject } from './download-object.ts';
import { getObject } from './get-object.ts';
import { listObjects } from './list-objects.ts';
import { addressOf } from './s3-address.ts';
import { createS3Target } from './create-s3-target.ts';
import { createClients, type S3Timing } from './s3-client.ts';
import { toS3Error } from './s3-errors.ts';

export interface S3ServiceOptions {
  readonly spoolDirectory: string;
  /** As for HTTP: the hosts that may be asked; empty = any. */
  readonly allowedHosts: readonly string[];
  readonly userAgent: string;
  readonly logger: Logger;
  readonly timing?: Partial<S3Timing>;
}

/** As for HTTP: a slow source is better than a failed run. */
const TIMING: S3Timing = { connect: 15_000, stall: 60_000, attempts: 4 };
const RETRY = { retries: 3, pause: 500 };

export function createS3Service(options: S3ServiceOptions): S3Service {
  const timing = { ...TIMING, ...options.timing };
  const { logger, userAgent } = options;
  const open = createClients({ policy: createUrlPolicy(options.allowedHosts), userAgent, timing });
  const directory = join(options.spoolDirectory, 'downloads');
  return {
    target: createS3Target({ open, logger, stall: timing.stall }),
    async *list(place, { prefix, signal }) {
      const client = await open(place);
      yield* listObjects(client, { bucket: place.bucket, prefix, address: addressOf(place, prefix), signal });
    },
    async get(place, key, { signal, etag }) {
      const address = addressOf(place, key);
      const expected = etag === undefined ? {} : { etag };
      const request = { bucket: place.bucket, key, address, signal, stall: timing.stall, ...expected };
      const { output, body, close } = await getObject(await open(place), request).catch((error: unknown) => {
        signal.throwIfAborted();
        throw toS3Error(error, address);
      });
      return { bytes: output.ContentLength, etag: output.ETag, lastModified: output.LastModified, body, close };
    },
    async download(place, object, request) {
      const client = await open(place);
      return downloadObject({ client, place, directory, logger, retry: RETRY, stall: timing.stall }, object, request);
    },
  };
}
