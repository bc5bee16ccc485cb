/** What servers that speak S3 badly, or not at all, are told to be; a real one is asked in s3-service.server.test.ts. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { S3Place, S3Service } from '../../src/component/s3-service.ts';
import { createS3Service } from '../../src/s3/create-s3-service.ts';
import { errorOf } from '../support/read-resource.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { tempDir } from '../support/temp-dir.ts';

type Answer = (response: ServerResponse, request: number, asked: IncomingMessage) => void;

const signal = new AbortController().signal;

async function serve(answer: Answer): Promise<{ readonly s3: S3Service; readonly place: S3Place }> {
  let requests = 0;
  const server = createServer((asked, response) => {
    requests += 1;
    answer(response, requests, asked);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const s3 = createS3Service({
    spoolDirectory: tempDir(),
    allowedHosts: [],
    userAgent: 'vocab-sync/0.0.0',
    logger: silentLogger(),
    timing: { connect: 2000, stall: 2000, attempts: 1 },
  });
  const endpoint = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return { s3, place: { bucket: 'b', endpoint, region: 'us-east-1', pathStyle: true } };
}

async function keysOf(answer: Answer): Promise<readonly string[]> {
  const { s3, place } = await serve(answer);
  const keys: string[] = [];
  for await (const page of s3.list(place, { signal })) {
    keys.push(...page.map(({ key }) => key));
    if (keys.length > 100) throw new Error('the list has no end');
  }
  return keys;
}

async function download(answer: Answer, etag = '"one"'): Promise<number> {
  const { s3, place } = await serve(answer);
  return (await s3.download(place, { key: 'k', etag, bytes: 3 }, { signal })).bytes;
}

const send = (response: ServerResponse, body: string, type = 'application/xml'): void => {
  response.writeHead(200, { 'content-type': type }).end(body);
};
const list = (key: string, rest = ''): string =>
  `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><KeyCount>1</KeyCount><Contents><Key>${key}</Key><Size>3</Size><ETag>"one"</ETag><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>${rest}</ListBucketResult>`;
const goesOn = (token: string): string =>
  `<IsTruncated>true</IsTruncated>${token === '' ? '' : `<NextContinuationToken>${token}</NextContinuationToken>`}`;

describe('a list', () => {
  it('ends where the server says so', async () => {
    const keys = await keysOf((response, n) => {
      send(response, n === 3 ? list('c') : list(n === 1 ? 'a' : 'b', goesOn(`t${String(n)}`)));
    });
    expect(keys).toEqual(['a', 'b', 'c']);
    expect(
      await keysOf((response) => {
        send(response, '<ListBucketResult><Name>b</Name></ListBucketResult>');
      }),
    ).toEqual([]);
  });

  it.each<[string, Answer, RegExp]>([
    [
      'that goes on nowhere',
      (response, n) => {
        send(response, list(String(n), goesOn(n === 1 ? 't' : '')));
      },
      /says that it goes on, but not where/,
    ],
    [
      'that goes round',
      (response, n) => {
        send(response, list(String(n), goesOn(`t${String(n % 3)}`)));
      },
      /or where it was before/,
    ],
    [
      'that is a page for people',
      (response) => {
        send(response, '<!DOCTYPE html><html><body>Sign in</body></html>', 'text/html');
      },
      /answered with something else/,
    ],
    [
      'that is empty',
      (response) => {
        send(response, '');
      },
      /answered with something else/,
    ],
    [
      'that is JSON',
      (response) => {
        send(response, '{}', 'application/json');
      },
      /not the XML of an S3 server/,
    ],
    [
      'that is cut off',
      (response) => {
        send(response, list('a').slice(0, -30));
      },
      /not the XML of an S3 server, or that is cut off/,
    ],
    [
      'that is elsewhere',
      (response) => {
        response
          .writeHead(301, { 'x-amz-bucket-region': 'eu-west-1' })
          .end('<Error><Code>PermanentRedirect</Code></Error>');
      },
      /answered 301 .* Check endpoint, region/,
    ],
  ])('%s is refused', async (_, answer, message) => {
    const error = await errorOf(keysOf(answer));
    expect([error.code, error.message]).toEqual(['E_SOURCE_UNEXPECTED', expect.stringMatching(message)]);
  });

  it('of a server that is busy is asked for later', async () => {
    const busy: Answer = (response) => {
      response.writeHead(503).end('<Error><Code>SlowDown</Code></Error>');
    };
    expect(await errorOf(keysOf(busy))).toMatchObject({ code: 'E_SOURCE_RATE_LIMITED', kind: 'unavailable' });
  });
});

describe('an object', () => {
  it('that was replaced is refused, also by a server that does not heed If-Match', async () => {
    const replaced: Answer = (response) => {
      response.writeHead(200, { etag: '"two"', 'content-length': '3' }).end('xyz');
    };
    expect((await errorOf(download(replaced))).code).toBe('E_SOURCE_CHANGED');
    const meanwhile: Answer = (response, n, asked) => {
      if (n > 1) {
        replaced(response, n, asked);
        return;
      }
      response.writeHead(200, { etag: '"one"', 'content-length': '3' });
      response.write('ab', () => response.socket?.end());
    };
    expect((await errorOf(download(meanwhile))).code).toBe('E_SOURCE_CHANGED');
  });

  it('is the same however its ETag is quoted', async () => {
    const same: Answer = (response) => {
      response.writeHead(200, { etag: '"one"', 'content-length': '3' }).end('abc');
    };
    expect(await download(same, 'one')).toBe(3);
  });
});
