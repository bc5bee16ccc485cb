/** Sends a notice as an e-mail through the mail server of the settings. */
import { clip } from '../clip.ts';
import { ConfigError, UnavailableError } from '../errors.ts';

export interface Mail {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

export interface MailServer {
  /** `smtp://` or `smtps://`, with user and password where it asks for them. */
  readonly url: string;
  readonly from: string;
}

/** Milliseconds for the connection and for each answer. */
const TIMEOUT = 30_000;

/**
 * Throws UnavailableError E_NOTICE_UNAVAILABLE or ConfigError E_NOTICE_REFUSED. No message holds the URL of the server.
 */
export async function sendMail(server: MailServer, mail: Mail): Promise<void> {
  const { createTransport } = await import('nodemailer');
  const { protocol, host, hostname, port, username, password } = new URL(server.url);
  const transport = createTransport({
    host: hostname,
    ...(port === '' ? {} : { port: Number(port) }),
    secure: protocol === 'smtps:',
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: TIMEOUT,
    greetingTimeout: TIMEOUT,
    socketTimeout: TIMEOUT,
  });
  try {
    const { rejected } = await transport.sendMail({ ...mail, to: [...mail.to], from: server.from });
    if (rejected.length > 0)
      throw refused(host, `it did not take ${rejected.map(addressOf).join(', ')}; the others got the notice`);
  } catch (thrown) {
    throw thrown instanceof ConfigError ? thrown : errorOfMail(thrown, host);
  } finally {
    transport.close();
  }
}

function addressOf(recipient: string | { readonly address: string }): string {
  return typeof recipient === 'string' ? recipient : recipient.address;
}

/** RFC 5321, 4.2.1: 4yz passes, 5yz does not. Without an answer it is the connection. */
function errorOfMail(thrown: unknown, host: string): UnavailableError | ConfigError {
  const { code, responseCode, response } = factsOf(thrown);
  if (responseCode !== undefined && responseCode >= 500) return refused(host, `it answered "${response}"`);
  if (code === 'EAUTH') return refused(host, 'it does not take the user and password');
  const reason = responseCode === undefined ? `it cannot be reached (${code})` : `it answered "${response}"`;
  return new UnavailableError(
    'E_NOTICE_UNAVAILABLE',
    `The mail server ${host} did not take the notice: ${reason}. It is tried again for a day.`,
  );
}

function refused(host: string, reason: string): ConfigError {
  return new ConfigError(
    'E_NOTICE_REFUSED',
    `The mail server ${host} did not take the notice: ${reason}. Correct VOCAB_SYNC_SMTP_URL and VOCAB_SYNC_MAIL_FROM where the worker runs, or the addresses in the job's "notify".`,
  );
}

interface MailFacts {
  readonly code: string;
  readonly responseCode: number | undefined;
  readonly response: string;
}

const LONGEST_ANSWER = 200;

function factsOf(thrown: unknown): MailFacts {
  const facts = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Readonly<Record<string, unknown>>;
  const { code, responseCode, response } = facts;
  return {
    code: typeof code === 'string' ? code : 'no reason given',
    responseCode: typeof responseCode === 'number' ? responseCode : undefined,
    response: typeof response === 'string' ? clip(response, LONGEST_ANSWER) : '',
  };
}
