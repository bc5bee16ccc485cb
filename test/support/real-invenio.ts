/**
 * The one way to a real InvenioRDM, which no test starts: it takes minutes and half a dozen servers. VOCAB_SYNC_TEST_INVENIO_URL
 * is the address of its API, VOCAB_SYNC_TEST_INVENIO_TOKEN the token of a superuser. The tests leave tombstones in it.
 */
export interface RealInvenio {
  readonly url: string;
  readonly token: string;
}

let isSaid = false;

/** Undefined, and one loud line for each test file, where none is given. */
export function realInvenio(): RealInvenio | undefined {
  const url = process.env['VOCAB_SYNC_TEST_INVENIO_URL'];
  const token = process.env['VOCAB_SYNC_TEST_INVENIO_TOKEN'];
  if (url !== undefined && token !== undefined) return { url, token };
  if (!isSaid) {
    isSaid = true;
    process.stderr.write(
      '\nSKIPPED: tests on a real InvenioRDM, because VOCAB_SYNC_TEST_INVENIO_URL and VOCAB_SYNC_TEST_INVENIO_TOKEN are not set.\n\n',
    );
  }
  return undefined;
}
