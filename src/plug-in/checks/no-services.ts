/** Services that a test does not provide. Each use of one is an error. */
import type { S3Service } from '../../component/s3-service.ts';
import type { ApiService, BundleService, HttpService } from '../../component/services.ts';
import type { SftpService } from '../../component/sftp-service.ts';

const refuse = (what: string) => () =>
  Promise.reject(new Error(`${what} was requested, but the test does not provide it`));

export const noS3: S3Service = {
  target: {
    find: refuse('S3'),
    read: () => {
      throw new Error('S3 was requested, but the test does not provide it');
    },
    list: refuse('S3'),
    clear: refuse('S3'),
    upload: refuse('S3'),
    put: refuse('S3'),
    remove: refuse('S3'),
  },
  list: () => {
    throw new Error('S3 was requested, but the test does not provide it');
  },
  get: refuse('S3'),
  download: refuse('S3'),
};

export const noSftp: SftpService = { open: refuse('SFTP') };

export const noBundles: BundleService = { open: refuse('a bundle') };

export const noApi: ApiService = { ask: refuse('the interface of a target') };

export const noHttp: HttpService = { get: refuse('HTTP'), download: refuse('HTTP') };
