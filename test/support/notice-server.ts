/** Where notices go in tests: an HTTP server that keeps what it was sent, and a mail server that keeps its mails. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { listenLocally } from './listen-locally.ts';

export interface NoticeServer {
  readonly url: string;
  readonly bodies: Record<string, unknown>[];
  /** The next answers, each used once; after them 200. */
  answer(status: number, headers?: Readonly<Record<string, string>>): void;
  readonly headers: IncomingHttpHeaders[];
  close(): Promise<void>;
}

export async function startNoticeServer(): Promise<NoticeServer> {
  const answers: { status: number; headers: Readonly<Record<string, string>> }[] = [];
  const bodies: Record<string, unknown>[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const next = answers.shift() ?? { status: 200, headers: {} };
      if (next.status < 300) {
        bodies.push(JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
        headers.push(request.headers);
      }
      response.writeHead(next.status, next.headers).end('ok');
    });
  });
  const address = await listenLocally(server);
  return {
    url: `${address}/services/T0/B0/very-secret-path`,
    bodies,
    headers,
    answer: (status, more = {}) => answers.push({ status, headers: more }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

export interface MailBox {
  readonly port: number;
  /** Envelope and text as it was sent. */
  readonly mails: { readonly from: string; readonly to: readonly string[]; readonly text: string }[];
  close(): Promise<void>;
}

/** Takes mail without a password, unless the options say otherwise. */
export async function startMailServer(options: SMTPServerOptions = {}): Promise<MailBox> {
  const mails: MailBox['mails'] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    ...options,
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString(),
        });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  const port = await new Promise<number>((resolve) => {
    const listening = server.listen(0, '127.0.0.1', () => {
      resolve((listening.address() as AddressInfo).port);
    });
  });
  return {
    port,
    mails,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
      }),
  };
}
