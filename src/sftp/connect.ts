/** One connection to an SFTP server: the handshake with the verified host key, the login, and the subsystem. */
import type { AuthenticationType, Client, ConnectConfig, ParsedKey, SFTPWrapper } from 'ssh2';
import type { SftpPlace } from '../component/sftp-service.ts';
import type { VocabSyncError } from '../errors.ts';
import { toSftpError, unusableKey } from './sftp-errors.ts';
import { openHostCheck, typeOf, type HostCheck } from './verify-host.ts';

export interface SftpTiming {
  /** Milliseconds for the connection, the handshake and the login together. */
  readonly connect: number;
  /** Milliseconds without an answer to a request. */
  readonly stall: number;
}

export interface Connection {
  readonly sftp: SFTPWrapper;
  /** False after the connection broke. */
  readonly isOpen: boolean;
  end(): void;
}

/** In the order of preference. Signatures with SHA-1 (`ssh-rsa`) are left out, as OpenSSH does. */
const HOST_KEY_ALGORITHMS: readonly (readonly [type: string, algorithms: readonly string[]])[] = [
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
];

/**
 * Returns the private key of a place. To decrypt it takes the time that its passphrase is to cost, so this is done
 * once.
 */
export async function loadKey({ privateKey, passphrase }: SftpPlace): Promise<ParsedKey | undefined> {
  if (privateKey === undefined) return undefined;
  const { default: library } = await import('ssh2');
  const parsed: unknown = library.utils.parseKey(privateKey, passphrase);
  if (parsed instanceof Error) throw unusableKey(parsed.message, passphrase !== undefined);
  const [key] = Array.isArray(parsed) ? (parsed as ParsedKey[]) : [parsed as ParsedKey];
  if (key?.isPrivateKey() !== true) throw unusableKey('it is a public key', passphrase !== undefined);
  return key;
}

export interface SftpLogin {
  readonly place: SftpPlace;
  readonly key: ParsedKey | undefined;
}

/** Throws VocabSyncError, or the reason of the signal. */
export async function connect(login: SftpLogin, timing: SftpTiming, signal: AbortSignal): Promise<Connection> {
  const { place } = login;
  // Loaded with the first connection: no other command waits for it.
  const { default: library } = await import('ssh2');
  const check = await openHostCheck(place);
  const tried = new Set<string>();
  let refusal: VocabSyncError | undefined;
  // A server has keys of several types, and a fingerprint does not say of which type it is.
  for (;;) {
    signal.throwIfAborted();
    const attempt = await connectOnce(new library.Client(), login, { check, tried, timing, signal });
    if ('connection' in attempt) return attempt.connection;
    if (attempt.refused === undefined) throw refusal ?? attempt.error;
    refusal ??= attempt.error;
    tried.add(attempt.refused);
    if (place.hostKeys.length === 0 || tried.size === HOST_KEY_ALGORITHMS.length) throw refusal;
  }
}

interface AttemptOptions {
  readonly check: HostCheck;
  /** Key types that were refused before. */
  readonly tried: ReadonlySet<string>;
  readonly timing: SftpTiming;
  readonly signal: AbortSignal;
}

type Attempt =
  | { readonly connection: Connection }
  /** `refused` is the type of a host key that was not accepted. */
  | { readonly error: VocabSyncError; readonly refused: string | undefined };

function connectOnce(client: Client, { place, key }: SftpLogin, options: AttemptOptions): Promise<Attempt> {
  const { check, tried, timing, signal } = options;
  const address = addressOf(place);
  return new Promise((resolve, reject) => {
    let refused: { readonly error: VocabSyncError; readonly type: string } | undefined;
    let isOpen = false;
    const settle = (attempt: Attempt): void => {
      signal.removeEventListener('abort', onAbort);
      resolve(attempt);
    };
    const fail = (thrown: unknown): void => {
      isOpen = false;
      client.destroy();
      settle({ error: refused?.error ?? toSftpError(thrown, address), refused: refused?.type });
    };
    const onAbort = (): void => {
      client.destroy();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    // Stays for the life of the connection: an error without a listener would end the process.
    client.on('error', fail);
    client.on('close', () => {
      fail(new Error('The server closed the connection.'));
    });
    client.on('ready', () => {
      client.sftp((error, sftp) => {
        if (error !== undefined) {
          fail(error);
          return;
        }
        sftp.on('error', fail);
        isOpen = true;
        settle({
          connection: {
            sftp,
            get isOpen() {
              return isOpen;
            },
            end() {
              isOpen = false;
              client.end();
              client.destroy();
            },
          },
        });
      });
    });
    client.connect({
      ...connectionOf(place, key, timing),
      algorithms: { serverHostKey: algorithmsFor(check.types, tried) } as NonNullable<ConnectConfig['algorithms']>,
      hostVerifier(key: Buffer) {
        const error = check.verify(key);
        if (error !== undefined) refused = { error, type: typeOf(key) };
        return error === undefined;
      },
    });
  });
}

function connectionOf(place: SftpPlace, key: ParsedKey | undefined, timing: SftpTiming): ConnectConfig {
  return {
    host: place.host,
    port: place.port,
    username: place.username,
    authHandler: [...loginsOf(place, key)],
    readyTimeout: timing.connect,
  };
}

function loginsOf({ username, password }: SftpPlace, key: ParsedKey | undefined): readonly AuthenticationType[] {
  const logins = [
    ...(key === undefined ? [] : [{ type: 'publickey', username, key }]),
    ...(password === undefined ? [] : [{ type: 'password', username, password }]),
    ...(password === undefined ? [] : [{ type: 'keyboard-interactive', username, prompt: answerWith(password) }]),
  ];
  // The declarations know a key as a text only.
  return logins as unknown as AuthenticationType[];
}

/** For a server that asks for the password as a question, as PAM does. */
function answerWith(password: string) {
  return (
    _name: string,
    _instructions: string,
    _language: string,
    prompts: readonly unknown[],
    finish: (answers: readonly string[]) => void,
  ): void => {
    finish(prompts.map(() => password));
  };
}

function algorithmsFor(known: readonly string[], tried: ReadonlySet<string>): readonly string[] {
  const open = HOST_KEY_ALGORITHMS.filter(([type]) => !tried.has(type));
  const isKnown = ([type]: readonly [string, readonly string[]]): boolean => known.includes(type);
  return [...open.filter(isKnown), ...open.filter((each) => !isKnown(each))].flatMap(([, algorithms]) => algorithms);
}

/** Returns the address for messages, without the user name. */
export function addressOf({ host, port }: Pick<SftpPlace, 'host' | 'port'>, path = ''): string {
  const name = host.includes(':') ? `[${host}]` : host;
  const steps = path.startsWith('/') || path === '' ? path : `/~/${path}`;
  const encoded = steps.split('/').map(encodeURIComponent).join('/').replace('/%7E/', '/~/');
  return `sftp://${name}${port === 22 ? '' : `:${String(port)}`}${encoded}`;
}
