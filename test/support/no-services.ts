/** Services that a test did not give. */
export { noApi, noBundles, noHttp, noS3, noSftp } from '../../src/plug-in/checks/no-services.ts';
