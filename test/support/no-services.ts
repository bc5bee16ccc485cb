/** Services that no test asked for: whoever uses one hears it. */
import type { ApiService, BundleService, S3Service } from '../../src/component/services.ts';

const refuse = (what: string) => () => Promise.reject(new Error(`a test asked for ${what}`));

export const noS3: S3Service = {
  list: () => {
    throw new Error('a test asked for S3');
  },
  get: refuse('S3'),
  download: refuse('S3'),
};

export const noBundles: BundleService = { open: refuse('a bundle') };

export const noApi: ApiService = { ask: refuse('the interface of a target') };
